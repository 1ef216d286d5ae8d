import {
  AuthError,
  decodeBase64url,
  encodeBase64url,
  maxProofLead,
  type VerifiedProof,
} from '@symbolon/token';

/** How long a nonce is good for, in seconds. */
const nonceLife = 120;

const macLength = 16;

/** Makes and checks DPoP nonces without remembering any. */
export interface Nonces {
  /**
   * Checks that a verified proof was made after this process started and, where nonces are required, lately.
   *
   * @throws AuthError `proof_nonce_required` with a fresh nonce.
   */
  readonly check: (proof: Pick<VerifiedProof, 'iat' | 'nonce'>, now: number) => Promise<void>;
}

/**
 * Makes the nonces of one guard (RFC 9449 sections 8 and 9): the second of issue and a MAC over it.
 *
 * With a `key`, shared by the guards of an audience, every proof needs one. Without, only a proof that an
 * earlier process could have accepted does, `iat` up to `maxProofLead` after the start: what that process
 * remembered is gone, and a nonce issued later than its end shows that the proof is new.
 */
export function createNonces(options: {
  audience: string;
  key: Uint8Array | undefined;
  clock: () => number;
}): Nonces {
  const required = options.key !== undefined;
  // workerd has no time and no randomness until a request is there, so both are asked for again then.
  let start = Math.floor(options.clock() / 1000);
  let mac: Promise<(second: number) => Promise<string>> | undefined;

  const make = async (second: number): Promise<string> => {
    mac ??= createMac(options);
    return (await mac)(second);
  };

  const isOurs = async (nonce: string, now: number): Promise<boolean> => {
    const second = secondOf(nonce);
    const latest = Math.max(Math.floor(now) + maxProofLead, start + 1);
    const inTime = second !== undefined && second > start && second >= now - nonceLife && second <= latest;
    // No secret is compared: whoever asks is given this text.
    return inTime && nonce === (await make(second));
  };

  return {
    check: async ({ iat, nonce }, now) => {
      if (start === 0) start = Math.floor(now);
      const needed = required || !(iat > start + maxProofLead);
      if (!needed || (nonce !== undefined && (await isOurs(nonce, now)))) return;
      const fresh = await make(Math.max(Math.floor(now), start + 1));
      throw new AuthError('proof_nonce_required', { detail: { nonce: fresh } });
    },
  };
}

/** Reads the second that a nonce names, or undefined: it is only believed once the MAC is compared. */
function secondOf(nonce: string): number | undefined {
  const bytes = nonce.length === 27 ? decodeBase64url(nonce) : undefined;
  return bytes && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

async function createMac(options: {
  audience: string;
  key: Uint8Array | undefined;
}): Promise<(second: number) => Promise<string>> {
  const secret = options.key ?? crypto.getRandomValues(new Uint8Array(32));
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', new Uint8Array(secret), algorithm, false, ['sign']);
  // One text a second, and only seconds that are in time ever get here: about 130 are kept.
  const made = new Map<number, string>();
  return async (second) => {
    const known = made.get(second);
    if (known !== undefined) return known;
    const message = new TextEncoder().encode(`symbolon dpop nonce\n${options.audience}\n${second}`);
    const nonce = encodeNonce(second, new Uint8Array(await crypto.subtle.sign('HMAC', key, message)));
    for (const earlier of made.keys()) if (earlier < second - 2 * nonceLife) made.delete(earlier);
    made.set(second, nonce);
    return nonce;
  };
}

function encodeNonce(second: number, mac: Uint8Array): string {
  const bytes = new Uint8Array(4 + macLength);
  new DataView(bytes.buffer).setUint32(0, second);
  bytes.set(mac.subarray(0, macLength), 4);
  return encodeBase64url(bytes);
}
