import { verifyProof } from '@symbolon/token';
import { climb, type Finding, type Rung } from './ladder.ts';
import { stated, type Statement } from './statement.ts';

/** The checks of a guard, in its order. */
const ladder: readonly Rung[] = [
  { check: 'length', says: 'at most 12,288 characters', codes: ['proof_too_long'] },
  { check: 'form', says: 'three non-empty base64url segments', codes: ['proof_malformed'] },
  { check: 'header', says: 'typ, alg and a public jwk, nothing else', codes: ['proof_header_invalid'] },
  { check: 'key', says: 'a sound public key', codes: ['proof_key_invalid'] },
  { check: 'spelling', says: 'a signature of the right length', codes: ['proof_signature_malformed'] },
  { check: 'signature', says: 'made by the key in the header', codes: ['proof_signature_invalid'] },
  { check: 'payload', says: 'one plain JSON object', codes: ['proof_payload_malformed'] },
  { check: 'claims', says: 'all there, each of its type', codes: ['proof_claim_invalid'] },
  { check: 'method', says: 'that of the request', codes: ['proof_method_unexpected'] },
  { check: 'url', says: 'that of the request', codes: ['proof_url_unexpected'] },
  { check: 'token', says: 'the one in the request', codes: ['proof_token_unexpected'] },
  { check: 'age', says: 'at most 30 seconds', codes: ['proof_expired'] },
  { check: 'start', says: 'at most 5 seconds ahead', codes: ['proof_issued_in_future'] },
];

const ofTheRequest = 'a guard compares it with its own request';

/** Inspects a proof by itself: which request it came with, only a guard knows. `now` is in seconds. */
export async function inspectProof({ text, payload }: Statement, now: number): Promise<readonly Finding[]> {
  const found = await climb(ladder, {
    expected: {
      method: stated(payload, 'htm') ?? '',
      url: stated(payload, 'htu') ?? '',
      tokenHash: stated(payload, 'ath'),
      now,
    },
    verify: (expected) => verifyProof(text, expected),
    excuse: (code, expected) =>
      code === 'proof_expired' || code === 'proof_issued_in_future'
        ? { ...expected, now: Number(payload?.['iat']) }
        : undefined,
    missing: new Map(['method', 'url', 'token'].map((check) => [check, ofTheRequest])),
  });
  return [...found, { check: 'replay', result: 'not checked', why: 'a guard takes each proof once' }];
}
