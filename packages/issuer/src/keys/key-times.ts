import { maxTokenLife } from '@symbolon/token';
import type { Lifetimes } from '../sessions/sessions.ts';
import type { KeyTimes } from './signing-keys.ts';

const micros = 1_000_000;
const hour = 3600;
const day = 24 * hour;
/** A refresh key stays at least so long after it retires: settings may have allowed longer sessions before. */
const leastRefreshLife = 400 * day;
/** Twice as long as caches keep a closed page: whoever gets one finds the key that signed it. */
const feedLife = 2 * hour;

/** How long keys sign, and how long they are kept for what they have signed. `seconds` as in the options. */
export function keyTimes(
  lifetimes: Lifetimes,
  seconds: { readonly keySetMaxAge: number; readonly rotation: number },
): KeyTimes {
  return {
    keySetMaxAge: seconds.keySetMaxAge * micros,
    rotation: seconds.rotation * micros,
    tokenLife: {
      // Not what the settings say today: a key may have signed under others.
      session: maxTokenLife * micros,
      refresh: Math.max(lifetimes.personAbsolute, lifetimes.machineAbsolute, leastRefreshLife * micros),
      feed: feedLife * micros,
      // An ID token comes back as a hint long after it has expired.
      identity: leastRefreshLife * micros,
    },
  };
}
