import { timingSafeEqual } from 'node:crypto';
import type { LookupKey } from '../keys/lookup-key.ts';
import { newId } from '../random.ts';
import type { RedeemedChallenge } from '../storage/port/account-storage.ts';

/** Challenges for passkeys. None is stored before it is redeemed, so nobody can fill the store by asking. */
export interface PasskeyChallenges {
  /** The text of a challenge for one purpose, made at this time of the store's clock (µs). */
  readonly make: (purpose: string, at: number) => string;
  /** How the store redeems it, or undefined if it was not made here for this purpose. Says nothing of its age. */
  readonly read: (purpose: string, text: string) => RedeemedChallenge | undefined;
}

const form = /^(\d{1,16})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

/** Makes and reads challenges: the time, 128 random bits, and an HMAC over both and the purpose. */
export function createPasskeyChallenges(lookup: LookupKey): PasskeyChallenges {
  const name = (purpose: string, { random, at }: { random: string; at: string }): string =>
    lookup.name('passkey challenge', JSON.stringify([purpose, at, random]));
  return {
    make: (purpose, at) => {
      const random = newId();
      return `${at}.${random}.${name(purpose, { random, at: String(at) })}`;
    },
    read: (purpose, text) => {
      const [, at = '', random = '', stated = ''] = form.exec(text) ?? [];
      const expected = Buffer.from(name(purpose, { random, at }));
      const same = stated.length === expected.length && timingSafeEqual(Buffer.from(stated), expected);
      return same ? { name: lookup.name('redeemed challenge', text), madeAt: Number(at) } : undefined;
    },
  };
}
