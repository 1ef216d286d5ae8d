import type { Actor } from './actor.ts';
import type { KeyPurpose, KeyRow, PublicJwk } from './rows.ts';

/** The signing keys, from next to gone. */
export interface KeyStorage {
  /** Adds a key in the state given; there is one current and at most one next for each purpose and algorithm. */
  addKey(key: NewKey, state: 'next' | 'current'): Promise<{ kind: 'added'; key: KeyRow } | { kind: 'taken' }>;
  /** All keys that are not gone, oldest first. */
  listKeys(): Promise<readonly KeyRow[]>;
  /** next → current, current → retired, and a new next, all at once or not at all. */
  promoteKey(promotion: KeyPromotion): Promise<PromoteResult>;
  /** Erases retired keys all of whose tokens have expired. */
  dropExpiredKeys(drop: { purpose: KeyPurpose; tokenLife: number }): Promise<readonly KeyRow[]>;
  /** Makes a key gone at once, whatever its state, and puts the next one in its place. */
  revokeKey(revocation: KeyRevocation): Promise<RevokeResult>;
  /** Keeps a private key under another key-encryption key, unless somebody else did since it was read. */
  rewrapKey(rewrapping: KeyRewrapping): Promise<{ kind: 'rewrapped' } | { kind: 'unchanged' }>;
}

export interface NewKey {
  readonly kid: string;
  readonly purpose: KeyPurpose;
  readonly alg: string;
  readonly publicJwk: PublicJwk;
  readonly wrappedKey: string;
  readonly kekId: string;
  /** How long from now until guards can be expected to hold it. */
  readonly holdableAfter: number;
}

export interface KeyPromotion {
  /** The next key after the one promoted; its purpose and algorithm say which row is meant. */
  readonly next: NewKey;
  /** `forced` does not wait until guards hold the key. */
  readonly when: 'holdable' | 'forced';
  readonly by: Actor;
}

export type PromoteResult =
  | { readonly kind: 'promoted'; readonly current: KeyRow; readonly next: KeyRow }
  | { readonly kind: 'not_holdable'; readonly holdableFrom: number }
  | { readonly kind: 'no_next' };

export interface KeyRevocation {
  readonly kid: string;
  /** Becomes the next key; must have the purpose and algorithm of the key revoked. */
  readonly next: NewKey;
  readonly by: Actor;
}

export interface KeyRewrapping {
  readonly kid: string;
  readonly wrappedKey: string;
  readonly kekId: string;
  /** The key-encryption key under which it was read. */
  readonly instead: string;
}

/** `revoked`: a guard that knows the feed up to `position` refuses what the key signed. */
export type RevokeResult =
  | {
      readonly kind: 'revoked';
      readonly current: KeyRow;
      readonly next: KeyRow | null;
      readonly position: number;
    }
  | { readonly kind: 'unknown' };
