import { timingSafeEqual } from 'node:crypto';
import type { LookupKey } from '../keys/lookup-key.ts';

/** What a challenge was given for. */
export interface Challenged {
  readonly sid: string;
  readonly gen: number;
  /** When it was given, by the store's clock, in µs. */
  readonly at: number;
}

/** Challenges for the keys of devices. Nothing is stored: whoever has not the lookup key makes none. */
export interface DeviceChallenges {
  readonly make: (purpose: ChallengePurpose, given: Challenged) => string;
  /** What the challenge was given for, or undefined if it was not given for this purpose and session. */
  readonly read: (
    purpose: ChallengePurpose,
    presented: { text: string; sid: string },
  ) => Challenged | undefined;
}

/** `offer` and `authorization` go out together with a sign-in, `renewal` when a token is to be renewed. */
export type ChallengePurpose = 'offer' | 'authorization' | 'renewal';

const form = /^(\d{1,15})\.(\d{1,16})\.([A-Za-z0-9_-]{43})$/;

/**
 * Makes and reads challenges: the session's generation, the time, and an HMAC over both and the session's id.
 *
 * It is the statement that renews the session which sees that the generation is the current one and the time not long
 * ago: there each challenge counts once.
 */
export function createDeviceChallenges(lookup: LookupKey): DeviceChallenges {
  const name = (purpose: ChallengePurpose, { sid, gen, at }: Challenged): string =>
    lookup.name(`dbsc ${purpose}`, JSON.stringify([sid, gen, at]));
  return {
    make: (purpose, given) => `${given.gen}.${given.at}.${name(purpose, given)}`,
    read: (purpose, { text, sid }) => {
      const [, gen = '', at = '', stated = ''] = form.exec(text) ?? [];
      const given = { sid, gen: Number(gen), at: Number(at) };
      const expected = Buffer.from(name(purpose, given));
      const same = stated.length === expected.length && timingSafeEqual(Buffer.from(stated), expected);
      return same ? given : undefined;
    },
  };
}
