import type { Accounts } from '../people/accounts.ts';
import type { Attempts } from '../senders/attempts.ts';
import type { Audience } from '../sessions/audiences.ts';
import type { Authorizations } from '../linking/authorizations.ts';
import type { BrowserSessions } from '../people/browser-sessions.ts';
import type { Clients } from '../clients/clients.ts';
import type { DeviceBindings } from '../people/device-binding.ts';
import type { Enrolments } from '../people/enrolments.ts';
import type { Factors } from '../people/factors.ts';
import type { Feed } from '../feed/feed.ts';
import type { LookupKey } from '../keys/lookup-key.ts';
import type { MinuteCounts } from '../metrics/minute-counts.ts';
import type { RegistrationPolicy } from '../clients/registration-policy.ts';
import type { Lifetimes, Sessions } from '../sessions/sessions.ts';
import type { RefreshTokens } from '../sessions/refresh-tokens.ts';
import type { SignIns } from '../people/sign-ins.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import type { Storage } from '../storage/port/storage.ts';
import type { Mint } from '../sessions/tokens.ts';
import type { Guard, ReplayMemory } from '@symbolon/guard';
import type { KnownKeys } from '@symbolon/token';
import type { Assets } from './assets.ts';
import type { BrowserCookies } from './cookies.ts';

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
  /** Keys that have made proofs here. */
  readonly holderKeys: KnownKeys;
  /** How many refreshes this process answers. */
  readonly refreshes: MinuteCounts;
  readonly clock: () => number;
  /** Whether people sign in here and link applications. */
  readonly servesPeople: boolean;
  /** Whether the issuer is closing: load balancers are told to look elsewhere. */
  readonly isClosing: () => boolean;
}

/** What the endpoints for people work with besides: only an issuer that was made with the option `people` has it. */
export interface PeopleOffice extends Office {
  readonly browsers: BrowserSessions;
  readonly devices: DeviceBindings;
  readonly cookies: BrowserCookies;
  /** What the pages load. */
  readonly assets: Assets;
  readonly accounts: Accounts;
  readonly enrolments: Enrolments;
  readonly signIns: SignIns;
  /** Passkeys and recovery codes of somebody who is signed in. */
  readonly factors: Factors;
  /** How often an address tries a recovery code. */
  readonly recoveries: Attempts;
  /** How often an address asks for authorization without a client's key: each request is kept half an hour. */
  readonly arrivals: Attempts;
  readonly authorizations: Authorizations;
  readonly userinfoGuard: Guard;
  /** How applications may register themselves. */
  readonly registration: RegistrationPolicy;
  /** Where an application signs people in itself; undefined: here, with passkeys. */
  readonly signIn: { readonly url: string } | undefined;
}
