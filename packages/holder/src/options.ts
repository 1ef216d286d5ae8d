import { createClockOffsets, type ClockOffsets } from './clock-offset.ts';
import { createNonces, type Nonces } from './nonces.ts';
import { originsOf, requireUrl } from './origins.ts';
import { sendBy, type Send } from './send.ts';
import { clocksOf, type Clocks } from './stopwatch.ts';

/** What every holder is told. */
export interface HolderOptions {
  /** The issuer's identifier: an https URL (http on loopback). */
  readonly issuer: string;
  readonly clientId: string;
  /** The resource server that tokens are for: one URL. */
  readonly audience: string;
  /** The only origins that ever see a token; the audience's own by default. */
  readonly allowedOrigins?: readonly string[];
  readonly fetch?: typeof fetch;
  /** This machine's clock, in milliseconds since 1970; `Date.now` by default. */
  readonly clock?: () => number;
  /** A clock that never goes back, in milliseconds; `performance.now` by default. */
  readonly monotonicClock?: () => number;
}

/** What a holder learns and uses on its way. */
export interface Surroundings {
  readonly send: Send;
  readonly clocks: Clocks;
  readonly offsets: ClockOffsets;
  readonly nonces: Nonces;
  readonly origins: ReadonlySet<string>;
}

/**
 * Reads the options that all holders share.
 *
 * @throws TypeError if a URL is not https (http on loopback) or the client has no name.
 */
export function surroundingsOf(options: HolderOptions): Surroundings {
  const issuer = requireUrl(options.issuer, 'issuer');
  requireUrl(options.audience, 'audience');
  if (options.clientId === '') throw new TypeError('unexpected empty clientId, expected the registered one');
  const clocks = clocksOf(options);
  return {
    send: sendBy(options.fetch),
    clocks,
    offsets: createClockOffsets(clocks.wall, issuer.origin),
    nonces: createNonces(),
    origins: originsOf(options.audience, options.allowedOrigins),
  };
}
