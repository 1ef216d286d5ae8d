import type { Accounts } from '../accounts.ts';
import type { Attempts } from '../attempts.ts';
import type { Audience } from '../audiences.ts';
import type { Authorizations } from '../authorizations.ts';
import type { BrowserSessions } from '../browser-sessions.ts';
import type { Clients } from '../clients.ts';
import type { DeviceBindings } from '../device-binding.ts';
import type { Enrolments } from '../enrolments.ts';
import type { Factors } from '../factors.ts';
import type { Feed } from '../feed.ts';
import type { LookupKey } from '../lookup-key.ts';
import type { MinuteCounts } from '../minute-counts.ts';
import type { RegistrationPolicy } from '../registration-policy.ts';
import type { Lifetimes, Sessions } from '../sessions.ts';
import type { RefreshTokens } from '../refresh-tokens.ts';
import type { SignIns } from '../sign-ins.ts';
import type { SigningKeys } from '../signing-keys.ts';
import type { Storage } from '../storage/storage.ts';
import type { Mint } from '../tokens.ts';
import type { Guard, ReplayMemory } from '@symbolon/guard';
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
