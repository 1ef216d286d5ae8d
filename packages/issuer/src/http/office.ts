import type { Audience } from '../audiences.ts';
import type { Clients } from '../clients.ts';
import type { Feed } from '../feed.ts';
import type { LookupKey } from '../lookup-key.ts';
import type { Lifetimes, Sessions } from '../sessions.ts';
import type { RefreshTokens } from '../refresh-tokens.ts';
import type { SigningKeys } from '../signing-keys.ts';
import type { Storage } from '../storage/storage.ts';
import type { Mint } from '../tokens.ts';
import type { ReplayMemory } from '@symbolon/guard';

/** What the endpoints work with. */
export interface Office {
  readonly issuer: string;
  readonly audiences: readonly Audience[];
  readonly lifetimes: Lifetimes;
  readonly keySetMaxAge: number;
  readonly storage: Storage;
  /** Under which names codes and links stand in the store. */
  readonly lookup: LookupKey;
  readonly clients: Clients;
  readonly sessions: Sessions;
  readonly keys: SigningKeys;
  readonly refreshTokens: RefreshTokens;
  /** Signs what was decided, while this process knows that it hears the store's head move. */
  readonly mint: Mint;
  readonly feed: Feed;
  readonly replay: ReplayMemory;
  readonly clock: () => number;
  /** Whether the issuer is closing: load balancers are told to look elsewhere. */
  readonly isClosing: () => boolean;
}
