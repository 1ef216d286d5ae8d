import { verifyAssertion } from '@symbolon/token';
import type { Evidence } from './evidence.ts';
import { climb, type Finding, type Rung } from './ladder.ts';
import { stated, type Statement } from './statement.ts';

/** The checks of an issuer, in its order. */
const ladder: readonly Rung[] = [
  { check: 'length', says: 'at most 8,192 characters', codes: ['assertion_too_long'] },
  { check: 'form', says: 'three non-empty base64url segments', codes: ['assertion_malformed'] },
  { check: 'header', says: 'alg, kid and typ, nothing else', codes: ['assertion_header_invalid'] },
  { check: 'payload', says: 'one plain JSON object', codes: ['assertion_payload_malformed'] },
  { check: 'key', says: 'one that this client has registered', codes: ['assertion_key_unknown'] },
  { check: 'spelling', says: 'a signature of the right length', codes: ['assertion_signature_malformed'] },
  { check: 'signature', says: 'made by that key', codes: ['assertion_signature_invalid'] },
  { check: 'claims', says: 'all there, each of its type', codes: ['assertion_claim_invalid'] },
  { check: 'audience', says: 'the issuer, alone', codes: ['assertion_audience_unexpected'] },
  { check: 'expiry', says: 'not reached yet', codes: ['assertion_expired'] },
  { check: 'start', says: 'not in the future', codes: ['assertion_issued_in_future'] },
  { check: 'life', says: 'at most 60 seconds', codes: ['assertion_life_too_long'] },
];

/** Holds a client assertion against what is known. `now` is in seconds. */
export async function inspectAssertion(
  { text, payload }: Statement,
  { evidence, now }: { evidence: Evidence | { missing: string }; now: number },
): Promise<readonly Finding[]> {
  const known = 'missing' in evidence ? undefined : evidence;
  const statedAudience = stated(payload, 'aud') ?? '';
  const found = await climb(ladder, {
    expected: { issuer: known?.issuer ?? statedAudience, now, findKeys: known?.clientKeys ?? (() => []) },
    verify: (expected) => verifyAssertion(text, expected),
    excuse: (code, expected) => {
      if (code === 'assertion_audience_unexpected') return { ...expected, issuer: statedAudience };
      if (code === 'assertion_expired') return { ...expected, now: Number(payload?.['exp']) - 1 };
      if (code === 'assertion_issued_in_future') return { ...expected, now: Number(payload?.['iat']) };
      return undefined;
    },
    missing: missingParts(evidence),
  });
  return [
    ...found,
    { check: 'redeemed', result: 'not checked', why: 'the issuer takes each assertion once' },
  ];
}

function missingParts(evidence: Evidence | { missing: string }): ReadonlyMap<string, string> {
  if ('missing' in evidence)
    return new Map([
      ['key', evidence.missing],
      ['audience', evidence.missing],
    ]);
  return evidence.issuer === undefined
    ? new Map([['audience', 'nobody said which: give --issuer URL']])
    : new Map();
}
