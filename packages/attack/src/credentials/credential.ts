import { createHash } from 'node:crypto';
import type { ForgeKey } from '../keys/forge-key.ts';
import { signJws, type Part } from '../forge.ts';
import { changed, type Changes, type JsonObject } from '../json.ts';

/** How a token travels. */
export type Carrier =
  | { readonly kind: 'bearer' }
  | { readonly kind: 'dpop'; readonly key: ForgeKey }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'header'; readonly name: string };

/** One honest credential: a session token, what it travels in, and what came with it. */
export interface Credential {
  readonly token: string;
  readonly carrier: Carrier;
  readonly refreshToken?: string;
  readonly idToken?: string;
}

/** Where honest credentials come from. */
export interface CredentialSource {
  /** Gets a credential that has not ended. */
  readonly get: () => Promise<Credential>;
  /** True if each `get` opens a session of its own, so that one may be ended without harm to the others. */
  readonly isFresh: boolean;
}

/** How a forged proof differs from an honest one. */
export interface ProofChange {
  readonly header?: Changes;
  readonly payload?: Changes;
  readonly key?: ForgeKey;
  /** Makes the final text of the honest-looking proof. */
  readonly text?: (proof: string) => string;
}

/** What a proof is for. */
export interface ProofOf {
  readonly method: string;
  readonly url: string;
  readonly token: string | undefined;
  readonly nonce?: string | undefined;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly jti: string;
}

/** Makes a DPoP proof (RFC 9449 section 4.2), honest but for the changes. */
export function forgeProof(key: ForgeKey, of: ProofOf, change: ProofChange = {}): string {
  const signer = change.key ?? key;
  const header: Part = changed({ typ: 'dpop+jwt', alg: signer.alg, jwk: signer.jwk }, change.header ?? {});
  const proof = signJws({ header, payload: changed(honestClaims(of), change.payload ?? {}), key: signer });
  return change.text?.(proof) ?? proof;
}

function honestClaims({ method, url, token, nonce, iat, jti }: ProofOf): JsonObject {
  const ath = token === undefined ? undefined : createHash('sha256').update(token).digest('base64url');
  return changed({ jti, htm: method, htu: url.replace(/[?#].*$/s, ''), iat }, { ath, nonce });
}
