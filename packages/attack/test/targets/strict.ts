import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { parseObject, type JsonObject } from '../../src/json.ts';
import type { House } from './house.ts';
import type { Seen } from './target.ts';

/** The one bearer token of a request, or undefined. */
export function bearerOf({ rawHeaders }: Seen): string | undefined {
  const values = rawHeaders.filter(
    (_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'authorization',
  );
  const [only, ...more] = values;
  if (only === undefined || more.length > 0) return undefined;
  return /^bearer ([A-Za-z0-9_.=-]+)$/i.exec(only)?.[1];
}

/** What most code takes for the token: whatever follows the name of the scheme. */
export function looseBearerOf({ headers }: Seen): string {
  return (headers.authorization ?? '').replace(/^bearer /i, '');
}

/** Three canonical segments of base64url, 8 kB at most: what a flawed verifier must still see to for all but its flaw. */
export function hasStrictText(token: string): boolean {
  const segments = token.split('.');
  return token.length <= 8192 && segments.length === 3 && segments.every(isCanonical);
}

/** True if the text is the only spelling of its bytes, and not empty. */
function isCanonical(text: string): boolean {
  return text !== '' && Buffer.from(text, 'base64url').toString('base64url') === text;
}

/** The JSON object in a segment, without looking at anything else. */
export function opened(token: string, index: 0 | 1): JsonObject | undefined {
  return parseObject(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString('utf8'));
}

/** True if the header is, member by member, that of honest tokens. */
export function hasHonestHeader(token: string, { header }: House): boolean {
  return token.split('.')[0] === Buffer.from(JSON.stringify(header)).toString('base64url');
}

/** True if the signature is the issuer's; `key` replaces the issuer's public key. */
export function hasSignature(token: string, house: House, key: JsonWebKey = house.jwk): boolean {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const data = Buffer.from(`${header}.${payload}`);
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const hash = house.alg === 'EdDSA' ? null : 'sha256';
  const bytes = Buffer.from(signature, 'base64url');
  if (house.alg === 'RS256') return verify(hash, data, publicKey, bytes);
  return verify(hash, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes);
}

/** Claims that honest tokens for this target have. Every check has a name, so that a flaw can leave out one. */
export function hasHonestClaims(
  claims: JsonObject | undefined,
  house: House,
  without: readonly Check[] = [],
): boolean {
  if (claims === undefined) return false;
  const now = Date.now() / 1000;
  const names = Object.keys(checks) as Check[];
  return names.every((name) => without.includes(name) || checks[name](claims, { house, now }));
}

/** What is checked of claims. */
export type Check = 'iss' | 'aud' | 'sub' | 'exp' | 'life' | 'iat' | 'nbf' | 'jti' | 'ids' | 'crr';

const checks: Readonly<Record<Check, (claims: JsonObject, at: { house: House; now: number }) => boolean>> = {
  iss: ({ iss }, { house }) => iss === house.issuer,
  aud: ({ aud }, { house }) => aud === house.audience,
  sub: ({ sub }) => isName(sub),
  exp: ({ exp }, { now }) => isTime(exp) && now < exp,
  life: ({ iat, exp }) => !isTime(iat) || !isTime(exp) || exp - iat <= 3600,
  iat: ({ iat }, { now }) => isTime(iat) && iat <= now + 5,
  nbf: ({ nbf }, { now }) => nbf === undefined || (isTime(nbf) && nbf <= now + 5),
  jti: ({ jti }) => isId(jti),
  ids: ({ sid, sh, client_id }) => isId(sid) && isId(sh) && isName(client_id),
  crr: ({ crr, cnf }) => crr === 'bearer' && cnf === undefined,
};

function isName(value: unknown): boolean {
  return typeof value === 'string' && /^[\x21-\x7e]{1,256}$/.test(value);
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && /^[\w-]{22}$/.test(value);
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
