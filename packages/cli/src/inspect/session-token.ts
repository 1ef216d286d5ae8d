import { headerTable, verifySessionToken } from '@symbolon/token';
import type { Evidence } from './evidence.ts';
import { climb, type Finding, type Rung } from './ladder.ts';
import { stated, type Statement } from './statement.ts';

/** The checks of a guard, in its order. */
const ladder: readonly Rung[] = [
  { check: 'length', says: 'at most 8,192 characters', codes: ['token_too_long'] },
  { check: 'form', says: 'three non-empty base64url segments', codes: ['token_malformed'] },
  { check: 'key', says: 'the header is exactly that of a published key', codes: ['token_key_unknown'] },
  { check: 'spelling', says: 'the one spelling of the signature', codes: ['token_signature_malformed'] },
  { check: 'signature', says: 'made by that key over these bytes', codes: ['token_signature_invalid'] },
  { check: 'payload', says: 'one plain JSON object', codes: ['token_payload_malformed'] },
  { check: 'claims', says: 'all there, each of its type', codes: ['token_claim_invalid'] },
  { check: 'issuer', says: 'the expected one', codes: ['token_issuer_unexpected'] },
  { check: 'audience', says: 'the expected one', codes: ['token_audience_unexpected'] },
  { check: 'expiry', says: 'not reached yet', codes: ['token_expired'] },
  { check: 'start', says: 'not in the future', codes: ['token_issued_in_future'] },
  { check: 'life', says: 'at most one hour', codes: ['token_life_too_long'] },
  {
    check: 'carrier',
    says: 'says how it may be presented',
    codes: ['token_claim_invalid'],
    claims: ['cnf', 'crr'],
  },
];

/** Holds a session token against what is known, check by check. `now` is in seconds. */
export async function inspectSessionToken(
  { text, payload }: Statement,
  options: { evidence: Evidence | { missing: string }; audience: string | undefined; now: number },
): Promise<readonly Finding[]> {
  const { evidence, audience, now } = options;
  const keys = 'missing' in evidence ? [] : evidence.sessionKeys;
  const issuer = ('missing' in evidence ? undefined : evidence.issuer) ?? stated(payload, 'iss') ?? '';
  const statedAudience = stated(payload, 'aud') ?? '';
  const times = { iat: Number(payload?.['iat']), exp: Number(payload?.['exp']) };
  const found = await climb(ladder, {
    expected: {
      keys: headerTable(new Map([[issuer, keys]])),
      issuer,
      audience: audience ?? statedAudience,
      now,
    },
    verify: (expected) => verifySessionToken(text, expected),
    excuse: (code, expected) => {
      if (code === 'token_audience_unexpected') return { ...expected, audience: statedAudience };
      if (code === 'token_expired') return { ...expected, now: times.exp - 1 };
      if (code === 'token_issued_in_future') return { ...expected, now: times.iat };
      return undefined;
    },
    missing: missingParts(evidence, audience),
  });
  return [...found, presentation(payload)];
}

function missingParts(
  evidence: Evidence | { missing: string },
  audience: string | undefined,
): ReadonlyMap<string, string> {
  const entries: [string, string][] = [];
  if ('missing' in evidence) entries.push(['key', evidence.missing]);
  else if (evidence.issuer === undefined) entries.push(['issuer', 'nobody said which: give --issuer URL']);
  if (audience === undefined) entries.push(['audience', 'nobody said which: give --audience URL']);
  return new Map(entries);
}

function presentation(payload: Statement['payload']): Finding {
  const why =
    payload?.['crr'] === 'bearer'
      ? 'BEARER: whoever sees it can use it; only a guard that says so takes it'
      : 'bound to a key: a guard wants a proof by that key with each request';
  return { check: 'proof', result: 'not checked', why };
}
