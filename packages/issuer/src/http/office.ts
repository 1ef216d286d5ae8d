import type { Audience } from '../audiences.ts';
import type { Clients } from '../clients.ts';
import type { Lifetimes, Sessions } from '../sessions.ts';
import type { SigningKeys } from '../signing-keys.ts';
import type { Storage } from '../storage/storage.ts';
import type { ReplayMemory } from '@symbolon/guard';

/** What the endpoints work with. */
export interface Office {
  readonly issuer: string;
  readonly audiences: readonly Audience[];
  readonly lifetimes: Lifetimes;
  readonly keySetMaxAge: number;
  readonly storage: Storage;
  readonly clients: Clients;
  readonly sessions: Sessions;
  readonly keys: SigningKeys;
  readonly replay: ReplayMemory;
  readonly clock: () => number;
  /** Whether the issuer is closing: load balancers are told to look elsewhere. */
  readonly isClosing: () => boolean;
}
