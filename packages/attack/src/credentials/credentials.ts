import { randomBytes } from 'node:crypto';
import type { Carrier, Credential, CredentialSource } from './credential.ts';
import { segment, signWith } from '../forge.ts';
import type { JsonObject } from '../json.ts';
import type { Signer } from '../options.ts';

/** A credential that was given: it is what it is, and ends when it ends. */
export function givenCredential(credential: Credential): CredentialSource {
  return { isFresh: false, get: () => Promise.resolve(credential) };
}

/**
 * Credentials that we sign ourselves, with the key of a test issuer.
 *
 * `claims` is asked anew each time, with the seconds since 1970 and a fresh id of 128 random bits.
 */
export function mintedCredentials(options: {
  readonly signer: Required<Signer>;
  readonly claims: (at: { readonly now: number; readonly id: string }) => JsonObject;
  readonly carrier: Carrier;
  readonly clock?: () => number;
}): CredentialSource {
  const { signer, claims, carrier, clock = Date.now } = options;
  const mint = (): Credential => {
    const at = { now: Math.floor(clock() / 1000), id: randomBytes(16).toString('base64url') };
    const input = `${segment(signer.header)}.${segment(claims(at))}`;
    return { token: `${input}.${segment(signWith(signer.key, input))}`, carrier };
  };
  return { isFresh: true, get: () => Promise.resolve(mint()) };
}
