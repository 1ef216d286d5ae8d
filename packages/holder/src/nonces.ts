import { createRecent } from './recent.ts';

/** The last nonce that each origin gave for proofs (RFC 9449 sections 8 and 9). */
export interface Nonces {
  /** The nonce to put into the next proof for this origin. */
  current(origin: string): string | undefined;
  /** Keeps the nonce of an answer. */
  learn(origin: string, headers: Headers): void;
}

// NQCHAR of RFC 6749 appendix A; two headers joined by ", " do not fit and are not kept.
const nonceText = /^[\x21\x23-\x5b\x5d-\x7e]{1,512}$/;

/** Makes an empty memory of nonces; the 100 origins used last are kept. */
export function createNonces(): Nonces {
  const nonces = createRecent<string>();
  return {
    current: (origin) => nonces.get(origin),
    learn: (origin, headers) => {
      const nonce = headers.get('dpop-nonce');
      if (nonce !== null && nonceText.test(nonce)) nonces.set(origin, nonce);
    },
  };
}
