import { claimReader } from './claims.ts';
import { AuthError } from './errors.ts';
import type { JsonObject } from './json.ts';
import { readPublicJwk, rowOf } from './jwk.ts';
import { readForeignHeader, readPayload, splitCompact, verifySignature } from './jws.ts';
import { importNamedKey, thumbprintOf, type VerificationKey } from './keys.ts';

const maxLength = 4096;
const maxHeader = 1366; // 1 kB

declare const verified: unique symbol;

/** What a browser said with a key of its device; only the two functions below make one. */
export interface VerifiedDeviceStatement {
  readonly [verified]: 'device statement';
  /** The key that made it. */
  readonly key: VerificationKey;
  /** Claim `jti`: the server's challenge. Compare it. */
  readonly challenge: string;
  /** What the server gave with its offer, in a registration. Compare it. */
  readonly authorization: string | undefined;
}

/**
 * Verifies with what a browser binds a session to its device (Device Bound Session Credentials, `dbsc+jwt`): the key is
 * in the header, ES256, and made the signature.
 *
 * `url` is where it was sent, as the public knows it. It does not compare challenge and authorization.
 *
 * @throws AuthError with a `device_…` code.
 */
export async function verifyDeviceRegistration(
  text: string,
  expected: { url: string },
): Promise<VerifiedDeviceStatement> {
  const parts = splitCompact(text, 'device', maxLength);
  const { jwk } = readHeader(parts.header, ['typ', 'alg', 'jwk']);
  return verify(parts, { key: await importDeviceKey(jwk), url: expected.url });
}

/**
 * Verifies a browser's answer to a challenge: by the key with which it registered, which the header does not name.
 *
 * `url` is where it was sent, as the public knows it. It does not compare the challenge.
 *
 * @throws AuthError with a `device_…` code.
 */
export async function verifyDeviceAnswer(
  text: string,
  expected: { url: string; key: VerificationKey },
): Promise<VerifiedDeviceStatement> {
  const parts = splitCompact(text, 'device', maxLength);
  readHeader(parts.header, ['typ', 'alg']);
  return verify(parts, expected);
}

function readHeader(segment: string, members: readonly string[]): JsonObject {
  const fault = 'device_header_invalid';
  const header = readForeignHeader(segment, { fault, maxLength: maxHeader, members, types: ['dbsc+jwt'] });
  if (header['alg'] !== 'ES256') throw new AuthError(fault);
  return header;
}

async function importDeviceKey(stated: unknown): Promise<VerificationKey> {
  const jwk = readPublicJwk(stated);
  if (jwk === undefined || rowOf(jwk).name !== 'ES256') throw new AuthError('device_key_invalid');
  return importNamedKey(jwk, await thumbprintOf(jwk)).catch((cause: unknown) => {
    throw new AuthError('device_key_invalid', { cause });
  });
}

async function verify(
  parts: ReturnType<typeof splitCompact>,
  { key, url }: { key: VerificationKey; url: string },
): Promise<VerifiedDeviceStatement> {
  await verifySignature(parts, { kind: 'device', key, spelling: 'any' });
  const read = claimReader(readPayload(parts, 'device'), 'device_claim_invalid');
  const [challenge, authorization] = [read.shortText('jti'), read.optionalText('authorization')];
  if ((read.optionalText('aud') ?? url) !== url) throw new AuthError('device_audience_unexpected');
  return Object.freeze({ key, challenge, authorization }) as unknown as VerifiedDeviceStatement;
}
