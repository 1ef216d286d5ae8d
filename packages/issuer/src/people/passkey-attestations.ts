import { decodeAttestationObject } from '@simplewebauthn/server/helpers';

/** None is asked for; a device may sign for itself, which says no more (WebAuthn section 5.1.3). */
const taken: ReadonlySet<string> = new Set(['none', 'packed']);

/**
 * Whether a new passkey says no more of its authenticator than it was asked.
 *
 * To be asked before anything verifies it: the other formats bring certificates, and those name addresses that the
 * library fetches, whoever wrote them.
 */
export function isTakenAttestation(object: string): boolean {
  try {
    return taken.has(decodeAttestationObject(new Uint8Array(Buffer.from(object, 'base64url'))).get('fmt'));
  } catch {
    return false;
  }
}
