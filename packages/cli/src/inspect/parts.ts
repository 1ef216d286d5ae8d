import { dateText, distanceText } from '../times.ts';

type Explain = (value: unknown, now: number) => string;

const date: Explain = (value, now) =>
  typeof value === 'number' ? `${dateText(value)} UTC, ${distanceText(value, now)}` : 'not a time';
const say =
  (text: string): Explain =>
  () =>
    text;

/** What each member of our statements means. */
const meanings: Readonly<Record<string, Explain>> = {
  alg: say('algorithm of the key'),
  kid: say('name of the key: its thumbprint (RFC 7638)'),
  typ: say('kind of statement'),
  jwk: say('public key of whoever made the proof'),
  iss: say('issuer: who made it'),
  sub: say('subject: whom it is about, an opaque id'),
  aud: say('audience: whom it is for'),
  client_id: say('client: the software that got it'),
  iat: (value, now) => `made ${date(value, now)}`,
  nbf: (value, now) => `good from ${date(value, now)}`,
  exp: (value, now) => `good until ${date(value, now)}`,
  jti: say('its own id'),
  sid: say('session'),
  sst: (value, now) =>
    `start of the session: ${date(typeof value === 'number' ? Math.floor(value / 1e6) : value, now)}`,
  sh: say("the subject's handle, by which the feed names it"),
  auth_time: (value, now) => `presence proved ${date(value, now)}`,
  amr: say('how presence was proved'),
  scope: say('what it allows'),
  cnf: say('the key it is bound to, by thumbprint'),
  crr: (value) =>
    value === 'bearer' ? 'BEARER: whoever sees it can use it' : 'the one way of presenting it',
  htm: say('method of the request'),
  htu: say('URL of the request'),
  ath: say('hash of the token in the request'),
  nonce: say('the nonce that was demanded'),
  gen: say('generation of the session'),
};

/** Writes a part as a list of its members with what each means. `now` is in seconds. */
export function partLines(
  part: Readonly<Record<string, unknown>> | undefined,
  now: number,
): readonly string[] {
  if (part === undefined) return ['  unreadable: no JSON object in base64url'];
  const rows = Object.entries(part).map(
    ([name, value]) => [visible(name), shown(value), meaning(name)(value, now)] as const,
  );
  const names = Math.max(...rows.map(([name]) => name.length));
  return rows.map(
    ([name, value, text]) => `  ${name.padEnd(names)}  ${value}\n  ${' '.repeat(names)}    ${text}`,
  );
}

function meaning(name: string): Explain {
  return Object.hasOwn(meanings, name) ? (meanings[name] ?? unknownMember) : unknownMember;
}

const unknownMember = say('not a member of ours: kept, never interpreted');

function shown(value: unknown): string {
  return visible(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Text from outside must not steer the terminal, nor hide in it. */
function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
