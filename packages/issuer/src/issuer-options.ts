import { z } from 'zod';
import { accountAudience, audienceOptions, ownAudiences, type Audience } from './sessions/audiences.ts';
import { isThisMachine } from './this-machine.ts';
import type { PeopleOptions } from './people/people-options.ts';
import type { Lifetimes } from './sessions/sessions.ts';
import type { Signers } from './keys/signer.ts';
import type { Storage } from './storage/port/storage.ts';
import type { Keyring } from './keys/wrapping.ts';

/** What an issuer is made of. */
export interface IssuerOptions {
  /** Its identifier and public URL: https, or http on loopback; no query, fragment or final slash. */
  readonly issuer: string;
  /** The resource servers it makes tokens for. */
  readonly audiences: readonly z.input<typeof audienceOptions>[];
  readonly storage: Storage;
  readonly keyring: Keyring;
  /** Lets people sign in here, with passkeys, and link applications; without it there are no accounts and no pages. */
  readonly people?: PeopleOptions;
  /** Which purposes' new keys are made and held outside this process (PKCS#11, a cloud KMS). */
  readonly signers?: Signers;
  /** How long sessions live, in seconds. */
  readonly lifetimes?: Partial<Record<keyof Lifetimes, number>>;
  /** How long caches may keep the key set, in seconds (default 300). */
  readonly keySetMaxAge?: number;
  /** How long a signing key signs, in seconds (default 30 days). */
  readonly keyRotation?: number;
  /** Milliseconds since the epoch (default `Date.now`): judges proofs and assertions, never sessions. */
  readonly clock?: () => number;
  /** Milliseconds that never go back (default `performance.now`): judges whether the store can be heard. */
  readonly elapsed?: () => number;
  /** Is told of faults: a path and an error, never a credential. */
  readonly report?: (fault: { path: string; error: unknown }) => void;
}

/** What can be judged of them without a store. */
export type StatedOptions = Pick<
  IssuerOptions,
  'issuer' | 'audiences' | 'lifetimes' | 'keySetMaxAge' | 'keyRotation'
>;

const micros = 1_000_000;
const hour = 3600;
const day = 24 * hour;
const defaults: Readonly<Record<keyof Lifetimes, number>> = {
  personIdle: 7 * day,
  personAbsolute: 30 * day,
  machineIdle: hour,
  machineAbsolute: 30 * day,
};

/**
 * Checks what an installer says, and adds the issuer's own audiences and the defaults.
 *
 * @throws TypeError with the fix in the message.
 */
export function readIssuerOptions(options: StatedOptions): {
  readonly issuer: string;
  readonly audiences: readonly Audience[];
  readonly lifetimes: Lifetimes;
  readonly keySetMaxAge: number;
  readonly keyRotation: number;
} {
  const issuer = checkIssuer(options.issuer);
  const audiences = readAudiences(issuer, options.audiences);
  const { lifetimes = {}, keySetMaxAge = 300, keyRotation = 30 * day } = options;
  demandSeconds('keySetMaxAge', keySetMaxAge, { atLeast: 1, atMost: day });
  // A next key waits until every cache has let go of the key set before it.
  demandSeconds('keyRotation', keyRotation, { atLeast: 2 * keySetMaxAge + hour, atMost: 400 * day });
  return { issuer, audiences, lifetimes: readLifetimes(lifetimes, audiences), keySetMaxAge, keyRotation };
}

function demandSeconds(name: string, given: number, bounds: { atLeast: number; atMost: number }): void {
  const { atLeast, atMost } = bounds;
  if (!Number.isSafeInteger(given) || given < atLeast || given > atMost)
    throw new TypeError(
      `${name} is ${String(given)} s, expected a whole number from ${String(atLeast)} to ${String(atMost)}`,
    );
}

function checkIssuer(text: string): string {
  const url = URL.parse(text);
  const loopback = url !== null && isThisMachine(url.hostname);
  const safe = url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && loopback));
  const plain =
    url !== null && url.search === '' && url.hash === '' && url.username === '' && !text.endsWith('/');
  if (!safe || !plain || (url.pathname === '/' ? url.origin : url.origin + url.pathname) !== text) {
    throw new TypeError(
      `unexpected issuer ${text}, expected an https URL (http on loopback only) in normal form, without query, fragment and final slash`,
    );
  }
  return text;
}

function readAudiences(issuer: string, options: IssuerOptions['audiences']): readonly Audience[] {
  const parsed = z.array(audienceOptions).min(1).safeParse(options);
  if (!parsed.success) throw new TypeError(`unsound audiences: ${z.prettifyError(parsed.error)}`);
  const all = [...parsed.data, ...ownAudiences(issuer)];
  const names = [accountAudience(issuer), ...all.map(({ audience }) => audience)];
  if (new Set(names).size !== names.length) {
    throw new TypeError('two audiences have the same name: give each its own URL');
  }
  return all;
}

function readLifetimes(
  given: NonNullable<IssuerOptions['lifetimes']>,
  audiences: readonly Audience[],
): Lifetimes {
  const stray = Object.keys(given).find((name) => !Object.hasOwn(defaults, name));
  if (stray !== undefined)
    throw new TypeError(`unknown lifetimes.${stray}, expected ${Object.keys(defaults).join(', ')}`);
  const seconds = { ...defaults, ...given };
  const longest = Math.max(...audiences.map(({ tokenLife }) => tokenLife));
  for (const [name, life] of Object.entries(seconds)) {
    if (!Number.isSafeInteger(life) || life <= 2 * longest) {
      throw new TypeError(
        `lifetimes.${name} is ${String(life)} s, expected more than twice the longest token life, ${String(longest)} s`,
      );
    }
  }
  const scaled = Object.entries(seconds).map(([name, life]) => [name, life * micros]);
  return Object.fromEntries(scaled) as Record<keyof Lifetimes, number>;
}
