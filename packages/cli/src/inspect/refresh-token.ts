import { refreshTokenHeader, verifyRefreshToken } from '@symbolon/token';
import type { Evidence } from './evidence.ts';
import { climb, type Finding, type Rung } from './ladder.ts';
import { stated, type Statement } from './statement.ts';

/** The checks of the issuer, in its order. */
const ladder: readonly Rung[] = [
  { check: 'length', says: 'at most 8,192 characters', codes: ['refresh_too_long'] },
  { check: 'form', says: 'three non-empty base64url segments', codes: ['refresh_malformed'] },
  { check: 'key', says: 'the header is exactly that of a refresh key', codes: ['refresh_key_unknown'] },
  { check: 'spelling', says: 'the one spelling of the signature', codes: ['refresh_signature_malformed'] },
  { check: 'signature', says: 'made by that key', codes: ['refresh_signature_invalid'] },
  { check: 'payload', says: 'one plain JSON object', codes: ['refresh_payload_malformed'] },
  { check: 'claims', says: 'all there, each of its type', codes: ['refresh_claim_invalid'] },
  { check: 'issuer', says: 'the expected one', codes: ['refresh_issuer_unexpected'] },
  { check: 'audience', says: 'the refresh grant of this issuer', codes: ['refresh_audience_unexpected'] },
  { check: 'expiry', says: 'not reached yet', codes: ['refresh_expired'] },
];

/** Holds a refresh token against the issuer's own store: nobody else can verify one. `now` is in seconds. */
export async function inspectRefreshToken(
  { text, payload }: Statement,
  { evidence, now }: { evidence: Evidence | { missing: string }; now: number },
): Promise<readonly Finding[]> {
  const known = 'missing' in evidence ? undefined : evidence;
  const issuer = known?.issuer ?? stated(payload, 'iss') ?? '';
  const keys = new Map((known?.refreshKeys ?? []).map((key) => [refreshTokenHeader(key), key]));
  const alone = 'only its issuer verifies a refresh token: give --data DIR there';
  const found = await climb(ladder, {
    expected: { keys, issuer, now },
    verify: (expected) => verifyRefreshToken(text, expected),
    excuse: (code, expected) =>
      code === 'refresh_expired' ? { ...expected, now: Number(payload?.['exp']) - 1 } : undefined,
    missing: keys.size === 0 ? new Map([['key', alone]]) : new Map(),
  });
  return [
    ...found,
    { check: 'holder', result: 'not checked', why: 'the issuer wants a proof by the key of the session' },
  ];
}
