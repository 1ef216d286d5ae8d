const maxDepth = 8;

/** A parsed JSON object: its members are unknown until each has been checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses one JSON object that every reader understands alike (I-JSON, RFC 7493), or returns undefined.
 *
 * Refused besides bad syntax, at any depth: a member named twice (parsers differ on which one counts), a
 * member named `__proto__`, a number that is rounded or made infinite, text with a lone surrogate (two
 * names become one where it is stored), more than eight levels. And anything but an object at the top. The result
 * is frozen, since it is shared.
 */
export function parseObject(text: string): JsonObject | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isPlainObject(value)) return undefined;
  // The parser keeps one member of each name: as many as were written means that none was written twice.
  return countMembers(value, maxDepth) === countNames(text) ? value : undefined;
}

/** Whether a value is an object that is neither null nor an array. */
export function isPlainObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Counts the members of a value read from JSON at every depth and freezes it; NaN if something in it is refused. */
function countMembers(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.isWellFormed() ? 0 : Number.NaN;
  if (typeof value === 'number') return isExact(value) ? 0 : Number.NaN;
  if (typeof value !== 'object' || value === null) return 0;
  if (depth === 0) return Number.NaN;
  Object.freeze(value);
  return Array.isArray(value) ? countInArray(value, depth) : countInObject(value, depth);
}

function countInArray(values: readonly unknown[], depth: number): number {
  let count = 0;
  for (const value of values) count += countMembers(value, depth - 1);
  return count;
}

function countInObject(members: object, depth: number): number {
  let count = 0;
  for (const name of Object.keys(members)) {
    if (name === '__proto__' || !name.isWellFormed()) return Number.NaN;
    count += 1 + countMembers((members as JsonObject)[name], depth - 1);
  }
  return count;
}

/** Whether a number read from JSON is the one that was written, neither rounded nor made infinite. */
function isExact(value: number): boolean {
  return Number.isFinite(value) && (Number.isSafeInteger(value) || value % 1 !== 0);
}

/** Counts the member names in text that is known to be valid JSON: strings that a colon follows. */
function countNames(text: string): number {
  const escapes = text.includes('\\');
  let count = 0;
  for (let start = text.indexOf('"'); start !== -1;) {
    const end = escapes ? endOfString(text, start) : text.indexOf('"', start + 1);
    if (isMemberName(text, end)) count++;
    start = text.indexOf('"', end + 1);
  }
  return count;
}

function endOfString(text: string, start: number): number {
  let end = start + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
}

function isMemberName(text: string, end: number): boolean {
  let after = end + 1;
  while (text.charCodeAt(after) <= 32) after++;
  return text.charCodeAt(after) === 58;
}
