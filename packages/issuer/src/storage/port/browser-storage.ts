import type { PublicJwk, SessionRow } from './rows.ts';
import type { Issue, SignWith } from './decisions.ts';

/** Browser sessions: sign-ins at the issuer's own pages. Each method is one transaction, as in `storage.ts`. */
export interface BrowserStorage {
  /** Starts the session of an account. `refused`: there is no such account, or it is disabled. */
  startBrowserSession(
    start: BrowserStart,
  ): Promise<({ readonly kind: 'started' } & Issue) | { readonly kind: 'refused' }>;
  /** A browser session that stands now, and whose it is. */
  findBrowserSession(sid: string): Promise<BrowserSession | null>;
  /**
   * Applies the rules of refresh to a cookie, rule 2 for 10 s or until the current generation has come; a session that
   * is bound to its device is refused.
   */
  renewByCookie(renewal: CookieRenewal): Promise<RenewResult>;
  /** The session that a cookie would renew, of this generation or the one before; changes nothing. */
  readByCookie(
    renewal: CookieRenewal,
  ): Promise<({ readonly kind: 'read' } & Issue) | { readonly kind: 'refused' }>;
  /** Notes that a request has brought this generation, if it is the current one. */
  noteArrival(cookie: { sid: string; gen: number }): Promise<void>;
  /** Binds a session to the device, once, within a minute after the sign-in; from then on only the device renews it. */
  bindToDevice(
    binding: DeviceBinding,
  ): Promise<({ readonly kind: 'bound' } & Issue) | { readonly kind: 'refused' }>;
  /** Renews by the device's answer to a challenge. `refused`: answered before, too late, or no such bound session stands. */
  renewByDevice(
    renewal: DeviceRenewal,
  ): Promise<({ readonly kind: 'rotated' } & Issue) | { readonly kind: 'refused' }>;
  /** Notes that the person proved to be there. Only a bound session remembers it; the time stands in `now`. */
  provePresence(presence: {
    sid: string;
    amr: readonly string[];
    signWith: SignWith;
  }): Promise<({ readonly kind: 'proved' } & Issue) | { readonly kind: 'refused' }>;
}

export interface BrowserStart {
  readonly sid: string;
  readonly clientId: string;
  readonly audience: string;
  readonly subject: string;
  readonly amr: readonly string[];
  readonly device: string | null;
  readonly idleLife: number;
  readonly absoluteLife: number;
  readonly signWith: SignWith;
}

/** A browser session that stands, and the account it is of. */
export interface BrowserSession {
  readonly session: SessionRow;
  readonly name: string;
  readonly role: 'person' | 'operator';
  readonly now: number;
  /** Whether a cookie has renewed it and no request has brought yet what that led to. */
  readonly awaited: boolean;
}

export interface CookieRenewal {
  readonly sid: string;
  readonly gen: number;
  readonly signWith: SignWith;
}

export interface DeviceBinding {
  readonly sid: string;
  readonly deviceKey: PublicJwk;
  /** The generation for which it was offered. */
  readonly gen: number;
  readonly idleLife: number;
  readonly absoluteLife: number;
  readonly signWith: SignWith;
}

export interface DeviceRenewal {
  readonly sid: string;
  /** The generation for which the challenge was given, and when (µs). */
  readonly gen: number;
  readonly challengedAt: number;
  readonly signWith: SignWith;
}

/** `refused`: no such session stands that a cookie renews; nothing was changed. `reuse`: the session is ended. */
export type RenewResult =
  | ({ readonly kind: 'rotated' | 'recovered' | 'repeated' } & Issue)
  | { readonly kind: 'reuse' }
  | { readonly kind: 'refused' };
