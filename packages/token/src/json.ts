const maxDepth = 8;

/** A parsed JSON object: its members are unknown until each has been checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses one JSON object that every reader understands alike (I-JSON, RFC 7493), or returns undefined.
 *
 * Refused besides bad syntax, at any depth: a member named twice (parsers differ on which one counts), a
 * member named `__proto__`, a number that is rounded or made infinite, text with a lone surrogate (two
 * names become one where it is stored), more than eight levels. And anything but an object at the top.
 */
export function parseObject(text: string): JsonObject | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isPlainObject(value) || !hasDistinctMembers(text) || !isExact(value)) return undefined;
  return value;
}

/** Whether a value is an object that is neither null nor an array. */
export function isPlainObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value read from JSON is the one that was written: no number rounded, no text that is none. */
function isExact(value: unknown): boolean {
  if (typeof value === 'number')
    return Number.isFinite(value) && (Number.isSafeInteger(value) || value % 1 !== 0);
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && isExact(member));
}

/** Walks text that is known to be valid JSON: only strings, brackets and colons matter then. */
function hasDistinctMembers(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      if (open.push(character === '{' ? new Set() : undefined) > maxDepth) return false;
    } else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfString(text, at);
      if (isMemberName(text, end) && !addMember(open.at(-1), text.slice(at, end + 1))) return false;
      at = end;
    }
  }
  return true;
}

function endOfString(text: string, start: number): number {
  let end = start + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
}

function isMemberName(text: string, end: number): boolean {
  let after = end + 1;
  while (text.charCodeAt(after) <= 32) after++;
  return text[after] === ':';
}

function addMember(members: Set<string> | undefined, quoted: string): boolean {
  const name = quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
  if (members === undefined || name === '__proto__' || members.has(name)) return false;
  members.add(name);
  return true;
}
