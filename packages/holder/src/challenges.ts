/** One challenge of a `WWW-Authenticate` header: scheme and parameter names in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const maxLength = 4096;
const element = /(?:[^",]|"(?:[^"\\]|\\.)*")+/gs;
const word = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const parameter = new RegExp(`^(${word})[ \\t]*=[ \\t]*(?:(${word})|"((?:[^"\\\\]|\\\\.)*)")$`, 's');
const opening = new RegExp(`^(${word})(?: +(.+))?$`, 's');
const token68 = /^[A-Za-z0-9\-._~+/]+=*$/;

/**
 * Parses `WWW-Authenticate` (RFC 9110 section 11.6.1), several headers joined by commas too.
 *
 * Undefined if any part of it is malformed, a parameter comes twice, or it is longer than 4,096 characters:
 * an answer that cannot be read asks for nothing.
 */
export function parseChallenges(text: string): readonly Challenge[] | undefined {
  if (text.length > maxLength || text.replace(element, '').replaceAll(',', '') !== '') return undefined;
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const part of text.match(element) ?? []) {
    const rest = openChallenge(part.replace(/^[ \t]+|[ \t]+$/g, ''), challenges);
    const last = challenges.at(-1)?.parameters;
    if (rest !== '' && (last === undefined || !addParameter(last, rest))) return undefined;
  }
  return challenges;
}

/** Starts a challenge if this part names a scheme; gives what is left of the part. */
function openChallenge(
  part: string,
  challenges: { scheme: string; parameters: Map<string, string> }[],
): string {
  if (part === '' || parameter.test(part)) return part;
  const [, scheme, rest = ''] = opening.exec(part) ?? [];
  if (scheme === undefined) return part;
  challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
  return token68.test(rest) ? '' : rest;
}

function addParameter(parameters: Map<string, string>, text: string): boolean {
  const [, name, plain, quoted] = parameter.exec(text) ?? [];
  const value = plain ?? quoted?.replace(/\\(.)/gs, '$1');
  if (name === undefined || value === undefined || parameters.has(name.toLowerCase())) return false;
  parameters.set(name.toLowerCase(), value);
  return true;
}

/** The parameters of the first DPoP challenge of an answer (RFC 9449 section 7.1), if it has one that can be read. */
export function dpopChallengeOf(headers: Headers): ReadonlyMap<string, string> | undefined {
  const challenges = parseChallenges(headers.get('www-authenticate') ?? '') ?? [];
  return challenges.find((challenge) => challenge.scheme === 'dpop')?.parameters;
}
