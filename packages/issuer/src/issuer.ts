import { createGuard, createReplayMemory } from '@symbolon/guard';
import { z } from 'zod';
import { audienceOptions, sessionsAudience, type Audience } from './audiences.ts';
import { openClients, type Clients } from './clients.ts';
import { createApp } from './http/routes.ts';
import { openSessions, type Lifetimes, type Sessions } from './sessions.ts';
import { openSigningKeys, type SigningKeys } from './signing-keys.ts';
import type { Storage } from './storage/storage.ts';
import type { Keyring } from './wrapping.ts';

/** What an issuer is made of. */
export interface IssuerOptions {
  /** Its identifier and public URL: https, or http on loopback; no query, fragment or final slash. */
  readonly issuer: string;
  /** The resource servers it makes tokens for. */
  readonly audiences: readonly z.input<typeof audienceOptions>[];
  readonly storage: Storage;
  readonly keyring: Keyring;
  /** How long sessions live, in seconds. */
  readonly lifetimes?: Partial<Record<keyof Lifetimes, number>>;
  /** How long caches may keep the key set, in seconds (default 300). */
  readonly keySetMaxAge?: number;
  /** How long a signing key signs, in seconds (default 30 days). */
  readonly keyRotation?: number;
  /** Milliseconds since the epoch (default `Date.now`): judges proofs and assertions, never sessions. */
  readonly clock?: () => number;
  /** Is told of faults: a path and an error, never a credential. */
  readonly report?: (fault: { path: string; error: unknown }) => void;
}

/** A running issuer: a Fetch handler and what an application may do in process. */
export interface Issuer {
  readonly issuer: string;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly sessions: Omit<Sessions, 'find'>;
  readonly clients: Omit<Clients, 'find'>;
  readonly keys: Pick<SigningKeys, 'list' | 'rotate' | 'revoke' | 'maintain'>;
  /** Tells load balancers to look elsewhere; requests are still answered. */
  readonly drain: () => void;
  /** Stops what runs in the background and closes the store once everything asked of it is written. */
  readonly close: () => Promise<void>;
}

const micros = 1_000_000;
const hour = 3600;
const day = 24 * hour;
const defaults: Readonly<Record<keyof Lifetimes, number>> = {
  personIdle: 7 * day,
  personAbsolute: 30 * day,
  machineIdle: hour,
  machineAbsolute: 30 * day,
};
const maintenanceInterval = 10 * 60 * 1000;

/**
 * Creates an issuer over a store and a keyring.
 *
 * Makes missing signing keys, opens all that sign, and looks after their rotation. Mount `fetch` anywhere, or
 * use `serveIssuer`.
 *
 * @throws TypeError with the fix in the message for unsound options; Error if the keyring does not open the store.
 */
export async function createIssuer(options: IssuerOptions): Promise<Issuer> {
  const issuer = checkIssuer(options.issuer);
  const audiences = readAudiences(issuer, options.audiences);
  const lifetimes = readLifetimes(options.lifetimes ?? {}, audiences);
  const { storage, keyring, clock = Date.now, keySetMaxAge = 300, keyRotation = 30 * day } = options;
  await settleIssuer(storage, issuer);
  const keys = await openSigningKeys({
    issuer,
    storage,
    keyring,
    clock,
    algorithms: audiences.map((audience) => audience.alg),
    times: {
      keySetMaxAge: keySetMaxAge * micros,
      rotation: keyRotation * micros,
      tokenLife: {
        session: Math.max(...audiences.map((audience) => audience.tokenLife)) * micros,
        refresh: Math.max(lifetimes.personAbsolute, lifetimes.machineAbsolute),
      },
    },
  });
  const clients = openClients({
    storage,
    clock,
    knownAudiences: () => audiences.map(({ audience }) => audience),
  });
  const sessions = openSessions({ issuer, audiences, lifetimes, storage, clients, keys });
  let closing = false;
  const replay = createReplayMemory();
  const isClosing = (): boolean => closing;
  const office = {
    issuer,
    audiences,
    lifetimes,
    keySetMaxAge,
    storage,
    clients,
    sessions,
    keys,
    replay,
    clock,
    isClosing,
  };
  const own: typeof fetch = async (input, init) => app(new Request(input, init));
  // The path of every request begins with that of the identifier.
  const publicUrl = new URL(issuer).origin;
  const guard = createGuard({ issuer, audience: `${issuer}/sessions`, publicUrl, fetch: own, clock });
  const app = createApp(office, { guard, report: options.report ?? (() => undefined) });
  const timer = keepMaintained(keys, storage, options.report);
  return {
    issuer,
    fetch: app,
    sessions,
    clients,
    keys,
    drain: () => {
      closing = true;
    },
    close: async () => {
      closing = true;
      clearInterval(timer);
      guard.close();
      await storage.close();
    },
  };
}

const sweepAfter = 90 * day * micros;

function keepMaintained(
  keys: SigningKeys,
  storage: Storage,
  report: IssuerOptions['report'],
): ReturnType<typeof setInterval> {
  const run = async (): Promise<void> => {
    try {
      await keys.maintain();
      await sweepAll(storage);
    } catch (error) {
      report?.({ path: 'maintenance', error });
    }
  };
  return setInterval(() => void run(), maintenanceInterval).unref();
}

/** A sweep is bounded, so that nobody waits for it; what many requests leave takes as many as it needs. */
async function sweepAll(storage: Storage): Promise<void> {
  for (let swept = 1; swept > 0;) {
    const { assertions, sessions } = await storage.sweep({ keepSessions: sweepAfter });
    swept = assertions + sessions;
  }
}

/** A store belongs to one issuer for ever: its tokens, subjects and feed all carry the name. */
async function settleIssuer(storage: Storage, issuer: string): Promise<void> {
  const settled = await storage.settleMeta('issuer', issuer);
  if (settled !== issuer) {
    throw new TypeError(
      `this store belongs to the issuer ${settled}: start with that URL, or with another store`,
    );
  }
}

function checkIssuer(text: string): string {
  const url = URL.parse(text);
  const loopback = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
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
  const all = [...parsed.data, sessionsAudience(issuer)];
  if (new Set(all.map(({ audience }) => audience)).size !== all.length) {
    throw new TypeError('two audiences have the same name: give each its own URL');
  }
  return all;
}

function readLifetimes(
  given: NonNullable<IssuerOptions['lifetimes']>,
  audiences: readonly Audience[],
): Lifetimes {
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
