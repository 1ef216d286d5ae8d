import { AuthError, maxClockLead } from '@symbolon/token';
import type { Session } from './session.ts';

/** What a route demands of a session. */
export interface Requirement {
  /** Every one of these scope names must stand in the token, exactly. A string may hold several, by spaces. */
  readonly scope?: string | readonly string[];
  /** The person must have proved presence within this time: `'30s'`, `'5m'`, `'1h'` (RFC 9470). */
  readonly presentWithin?: string;
  /** The guard must have heard from the issuer within this time, at least `'3s'`: for routes that cannot wait. */
  readonly freshWithin?: string;
  /** A proof is taken once across all processes: needs a `replayStore`, and counts as I/O. */
  readonly once?: true;
}

/** A requirement that was parsed, once, when the route was made. */
export interface Demand {
  readonly scope: readonly string[];
  /** In seconds. */
  readonly presentWithin: number | undefined;
  /** In seconds. */
  readonly freshWithin: number | undefined;
  readonly once: boolean;
}

const scopeName = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/**
 * Parses a requirement.
 *
 * @throws TypeError if a member is unknown or malformed, or `once` is demanded and there is no store: a demand
 * that is misspelt must never be one that is not made.
 */
export function readRequirement(requirement: Requirement, available: { store: boolean }): Demand {
  const { scope, presentWithin, freshWithin, once, ...unknown } = requirement;
  const [name] = Object.keys(unknown);
  if (name !== undefined)
    throw new TypeError(
      `unexpected requirement "${name}", expected scope, presentWithin, freshWithin or once`,
    );
  if (![undefined, true].includes(once)) throw new TypeError('unexpected once, expected true or nothing');
  if (once && !available.store) {
    throw new TypeError(
      'a requirement "once" needs a place all processes share: give createGuard a replayStore',
    );
  }
  return {
    scope: scope === undefined ? [] : readScope(scope),
    presentWithin: presentWithin === undefined ? undefined : readDuration(presentWithin, 'presentWithin'),
    freshWithin: freshWithin === undefined ? undefined : readFreshness(freshWithin),
    once: once === true,
  };
}

/**
 * Checks a session against what a route demands.
 *
 * @throws AuthError `scope_insufficient`, `presence_required`; both carry what the answer must name.
 */
export function checkRequirement(session: Session, demand: Demand, now: number): void {
  for (const name of demand.scope) {
    if (!session.scope.includes(name))
      throw new AuthError('scope_insufficient', { detail: { scope: demand.scope.join(' ') } });
  }
  if (demand.presentWithin === undefined) return;
  const present = session.authTime ?? Number.NEGATIVE_INFINITY;
  if (!(now - present <= demand.presentWithin && present <= now + maxClockLead))
    throw new AuthError('presence_required', { detail: { maxAge: demand.presentWithin } });
}

function readScope(scope: string | readonly string[]): readonly string[] {
  const names = typeof scope === 'string' ? scope.split(' ') : [...scope];
  if (names.length > 0 && names.every((name) => scopeName.test(name))) return names;
  throw new TypeError(`unexpected scope, expected one or more names like 'orders:read'`);
}

/** The issuer speaks once a second and clocks differ a little: less than this could not be kept. */
const leastFreshness = 3;

function readFreshness(text: string): number {
  const length = readDuration(text, 'freshWithin');
  if (length >= leastFreshness) return length;
  throw new TypeError(`unexpected freshWithin, expected at least '3s'`);
}

/** Reads `'30s'`, `'5m'` or `'1h'` as seconds. */
function readDuration(text: string, what: string): number {
  const [, count, unit] = /^([1-9][0-9]{0,5})([smh])$/.exec(text) ?? [];
  const length = count === undefined ? Number.NaN : Number(count) * (seconds[unit ?? ''] ?? Number.NaN);
  if (Number.isNaN(length))
    throw new TypeError(`unexpected ${what}, expected a time like '30s', '5m' or '1h'`);
  return length;
}
