import {
  AuthError,
  importPublicKey,
  verifyDeviceAnswer,
  verifyDeviceRegistration,
  type VerifiedDeviceStatement,
} from '@symbolon/token';
import type { CookieMint } from './cookie-mint.ts';
import { createDeviceChallenges, type DeviceChallenges } from './device-challenges.ts';
import type { LookupKey } from '../keys/lookup-key.ts';
import type { Lifetimes } from '../sessions/sessions.ts';
import type { Issue } from '../storage/port/decisions.ts';
import type { Storage } from '../storage/port/storage.ts';
import { signWith } from '../sessions/tokens.ts';

/** What a browser is told when it wants its session's token renewed by its device. */
export type DeviceRenewed =
  | { readonly kind: 'renewed'; readonly cookies: readonly string[] }
  | { readonly kind: 'challenge'; readonly challenge: string }
  | { readonly kind: 'over' };

/** Sessions bound to a key that never leaves the browser's device (Device Bound Session Credentials). */
export interface DeviceBindings {
  /** What a sign-in offers: who registers a key must say both again, signed by it. */
  readonly offer: (signIn: Issue) => { readonly challenge: string; readonly authorization: string };
  /**
   * Binds a session to the key of a registration; the cookies are those of the bound session.
   *
   * @throws AuthError with a `device_…` code.
   */
  readonly bind: (registration: {
    sid: string;
    statement: string;
    url: string;
  }) => Promise<readonly string[]>;
  /**
   * Renews a session by its device's answer; without one, or with one to a challenge of before, gives a challenge.
   *
   * @throws AuthError with a `device_…` code for an answer that the device has not made.
   */
  readonly renew: (renewal: {
    sid: string;
    statement: string | undefined;
    url: string;
  }) => Promise<DeviceRenewed>;
}

/** Opens the bindings of sessions to devices over a store. */
export function openDeviceBindings(options: {
  storage: Storage;
  lookup: LookupKey;
  lifetimes: Lifetimes;
  cookieMint: CookieMint;
}): DeviceBindings {
  const { storage, lifetimes, cookieMint } = options;
  const challenges = createDeviceChallenges(options.lookup);
  const keys = signWith('EdDSA');
  return {
    offer: ({ session: { sid, generation }, now }) => {
      const given = { sid, gen: generation, at: now };
      return {
        challenge: challenges.make('offer', given),
        authorization: challenges.make('authorization', given),
      };
    },
    bind: async ({ sid, statement, url }) => {
      const said = await verifyDeviceRegistration(statement, { url });
      const gen = offeredFor(challenges, { said, sid });
      const bound = await storage.bindToDevice({
        ...{ sid, gen, deviceKey: { ...said.key.jwk }, signWith: keys },
        ...{ idleLife: lifetimes.personIdle, absoluteLife: lifetimes.personAbsolute },
      });
      if (bound.kind === 'refused') throw new AuthError('device_registration_refused');
      return cookieMint(bound);
    },
    renew: async ({ sid, statement, url }) => {
      const found = await storage.findBrowserSession(sid);
      if (found?.session.deviceKey == null) return { kind: 'over' };
      const { deviceKey, generation: gen } = found.session;
      const challenge = challenges.make('renewal', { sid, gen, at: found.now });
      if (statement === undefined) return { kind: 'challenge', challenge };
      const key = await importPublicKey(deviceKey);
      const said = await verifyDeviceAnswer(statement, { url, key });
      const given = challenges.read('renewal', { text: said.challenge, sid });
      if (given === undefined) return { kind: 'challenge', challenge };
      const renewal = { sid, gen: given.gen, challengedAt: given.at, signWith: keys };
      const renewed = await storage.renewByDevice(renewal);
      if (renewed.kind === 'refused') return { kind: 'challenge', challenge };
      return { kind: 'renewed', cookies: await cookieMint(renewed) };
    },
  };
}

/** The generation of the session to which the registration was offered. */
function offeredFor(
  challenges: DeviceChallenges,
  { said, sid }: { said: VerifiedDeviceStatement; sid: string },
): number {
  const offer = challenges.read('offer', { text: said.challenge, sid });
  const authorization = challenges.read('authorization', { text: said.authorization ?? '', sid });
  if (offer === undefined || authorization?.at !== offer.at || authorization.gen !== offer.gen) {
    throw new AuthError('device_registration_refused');
  }
  return offer.gen;
}
