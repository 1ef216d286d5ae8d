import { createGuard, createReplayMemory, type Guard } from '@symbolon/guard';
import { maxTokenLife } from '@symbolon/token';
import type { z } from 'zod';
import { openAccounts, type Accounts } from './accounts.ts';
import { createAttempts } from './attempts.ts';
import { accountAudience, type Audience, type audienceOptions } from './audiences.ts';
import { openBrowserSessions } from './browser-sessions.ts';
import { userinfoAudience } from './authorization-target.ts';
import { openAuthorizations } from './authorizations.ts';
import { createBackchannelLogout, type BackchannelLogout } from './backchannel-logout.ts';
import { openClientDocuments, type ClientDocuments } from './client-documents.ts';
import { createOutbound } from './outbound.ts';
import { createOwnSignIn, readSignIn, type OwnSignIn } from './own-sign-in.ts';
import {
  readRegistration,
  type RegistrationOptions,
  type RegistrationPolicy,
} from './registration-policy.ts';
import { openClients, type Clients } from './clients.ts';
import { openEnrolments } from './enrolments.ts';
import { openFactors } from './factors.ts';
import { openFeed, type Feed } from './feed.ts';
import { readGuards, type RegisteredGuards } from './guards.ts';
import { boundTokenLife, createCookieMint } from './cookie-mint.ts';
import { openDeviceBindings } from './device-binding.ts';
import { openAssets } from './http/assets.ts';
import { createCookies } from './http/cookies.ts';
import { streamFeed } from './http/feed-stream.ts';
import { wantsStream } from './http/revocations.ts';
import type { Office, PeopleOffice } from './http/office.ts';
import type { Sender } from './http/route.ts';
import { createApp } from './http/routes.ts';
import { readIssuerOptions } from './issuer-options.ts';
import { issuerMetrics } from './issuer-metrics.ts';
import { openLookupKey, rewrapLookupKey } from './lookup-key.ts';
import { settleOwnClient } from './own-client.ts';
import { createPasskeyChallenges } from './passkey-challenges.ts';
import { openPasskeys } from './passkeys.ts';
import { createMeter } from './meter.ts';
import { createMinuteCounts } from './minute-counts.ts';
import { waitUntilApplied, type Propagation } from './propagation.ts';
import { openSessions, type Lifetimes, type Sessions } from './sessions.ts';
import type { Signers } from './signer.ts';
import { openSignIns } from './sign-ins.ts';
import { openSigningKeys, type SigningKeys } from './signing-keys.ts';
import type { CutResult } from './storage/decisions.ts';
import type { Storage } from './storage/storage.ts';
import { createRefreshTokens } from './refresh-tokens.ts';
import { createMint } from './tokens.ts';
import type { Keyring } from './wrapping.ts';

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

/** What an issuer that people sign in at says of itself. */
export interface PeopleOptions {
  /** What the pages and the passkeys call it (default: its host). */
  readonly name?: string;
  /**
   * Your own sign-in instead of passkeys here: people who link an application are sent to this URL with `request`,
   * which `issuer.authorizations.complete` takes.
   */
  readonly signIn?: { readonly url: string };
  /** Whether applications may register themselves (default: no). */
  readonly registration?: RegistrationOptions;
}

/** A running issuer: a Fetch handler and what an application may do in process. */
export interface Issuer {
  readonly issuer: string;
  /** Answers a request. `sender` says what the server knows of who sent it. */
  readonly fetch: (request: Request, sender?: Sender) => Promise<Response>;
  /** Who may sign in here; undefined without the option `people`. */
  readonly accounts: Accounts | undefined;
  readonly sessions: Omit<Sessions, 'find'>;
  readonly clients: Omit<Clients, 'find' | 'introduce' | 'reread'>;
  /** For an application that signs people in itself (`people.signIn`). */
  readonly authorizations: OwnSignIn;
  /** Ends what a person allowed an application: every session it has of him, in one position of the feed. */
  readonly grants: { readonly end: Storage['endGrant'] };
  readonly keys: Pick<SigningKeys, 'list' | 'rotate' | 'revoke' | 'rewrap' | 'maintain'>;
  /** By claim `sub`. A disabled one has no session and starts none; enabling it lets it start new ones and revives none. */
  readonly subjects: {
    readonly disable: (change: { subject: string; by: string }) => Promise<CutResult>;
    readonly enable: (change: {
      subject: string;
      by: string;
    }) => Promise<{ kind: 'enabled' } | { kind: 'unknown' }>;
  };
  /** The guards that follow the feed under an identity. */
  readonly guards: { readonly list: () => Promise<RegisteredGuards> };
  /** Waits, at most `patience` ms, until the guards that can be heard have applied what was ended at `position`. */
  readonly waitUntilApplied: (position: number, patience: number) => Promise<Propagation>;
  /** The figures of this process as Prometheus reads them; nobody is asked who reads them, so `fetch` does not show them. */
  readonly metrics: () => Promise<string>;
  /** Tells load balancers to look elsewhere and ends the streams; requests are still answered. */
  readonly drain: () => void;
  /** Stops what runs in the background and closes the store once everything asked of it is written. */
  readonly close: () => Promise<void>;
}

const micros = 1_000_000;
const hour = 3600;
const day = 24 * hour;
const maintenanceInterval = 10 * 60 * 1000;
/** A refresh key stays at least so long after it retires: settings may have allowed longer sessions before. */
const leastRefreshLife = 400 * day;
/** Twice as long as caches keep a closed page: whoever gets one finds the key that signed it. */
const feedLife = 2 * hour;

/**
 * Creates an issuer over a store and a keyring.
 *
 * Makes missing signing keys, opens all that sign, and looks after their rotation. Mount `fetch` anywhere, or
 * use `serveIssuer`.
 *
 * @throws TypeError with the fix in the message for unsound options; Error if the keyring does not open the store.
 */
export async function createIssuer(options: IssuerOptions): Promise<Issuer> {
  const { issuer, audiences, lifetimes } = readIssuerOptions(options);
  const { keyring, clock = Date.now, keySetMaxAge = 300, keyRotation = 30 * day } = options;
  const elapsed = options.elapsed ?? ((): number => performance.now());
  const meter = createMeter({ elapsed });
  const storage = meter.metered(options.storage);
  const report: NonNullable<IssuerOptions['report']> = (fault) => {
    meter.failed();
    options.report?.(fault);
  };
  // Judged before anything runs in the background, which would keep the process alive.
  const said = options.people === undefined ? undefined : readPeople(options.people, audiences);
  await settleIssuer(storage, issuer);
  const inCookies = options.people === undefined ? 0 : boundTokenLife;
  const tokenLife = Math.max(inCookies, ...audiences.map((audience) => audience.tokenLife)) * micros;
  const keys = await openSigningKeys({
    issuer,
    storage,
    keyring,
    signers: options.signers ?? {},
    clock,
    report,
    algorithms: audiences.map((audience) => audience.alg),
    identity: options.people !== undefined,
    times: {
      keySetMaxAge: keySetMaxAge * micros,
      rotation: keyRotation * micros,
      tokenLife: {
        // Not what the settings say today: a key may have signed under others.
        session: maxTokenLife * micros,
        refresh: Math.max(lifetimes.personAbsolute, lifetimes.machineAbsolute, leastRefreshLife * micros),
        feed: feedLife * micros,
        identity: maxTokenLife * micros,
      },
    },
  });
  const lookup = await openLookupKey({ storage, keyring });
  const clients = openClients({
    storage,
    clock,
    knownAudiences: () => audiences.map(({ audience }) => audience),
    documents: openDocuments({ issuer, storage, clock, policy: said?.registration.documents }),
  });
  await storage.settleTokenLife(tokenLife);
  const feed = await openFeed({ issuer, storage, keys, elapsed, report });
  const refreshTokens = createRefreshTokens({ issuer, table: keys.refreshTable, clock });
  const revoke: SigningKeys['revoke'] = async (kid, by) => {
    const revoked = await keys.revoke(kid, by);
    feed.forgetStatements();
    return revoked;
  };
  const mint = meter.minting(
    createMint({ issuer, signer: keys.signer, refreshTokens, becomesLive: feed.becomesLive }),
  );
  const sessions = openSessions({ audiences, lifetimes, storage, clients, mint });
  let closing = false;
  const replay = createReplayMemory();
  const isClosing = (): boolean => closing;
  const office: Office = {
    issuer,
    audiences,
    lifetimes,
    keySetMaxAge,
    storage,
    lookup,
    clients,
    sessions,
    keys,
    refreshTokens,
    mint,
    feed,
    replay,
    refreshes: createMinuteCounts(clock),
    clock,
    servesPeople: options.people !== undefined,
    isClosing,
  };
  const own: typeof fetch = async (input, init) => app(new Request(input, init));
  const ownGuard = (audience: string, carrier: { cookie?: string; bearer?: 'accept' } = {}): Guard =>
    createGuard({
      ...carrier,
      issuer,
      audience,
      // The path of every request begins with that of the identifier.
      publicUrl: new URL(issuer).origin,
      fetch: own,
      clock,
      staleFeed: 'accept',
      identity: ownStream(feed),
    });
  const guards = {
    sessions: ownGuard(`${issuer}/sessions`),
    revocations: ownGuard(`${issuer}/revocations`),
  };
  const people = said === undefined ? undefined : await openPeople(office, { ownGuard, said, report });
  const app = createApp(office, { guards, people: people?.office, report, refused: meter.refused });
  const timer = keepMaintained({ keys, storage, report, tokenLife });
  return {
    issuer,
    fetch: app,
    sessions,
    clients,
    accounts: people?.office.accounts,
    authorizations: createOwnSignIn({ storage, clients, authorizations: openAuthorizations(office) }),
    grants: { end: (end) => storage.endGrant(end) },
    keys: {
      ...keys,
      revoke,
      rewrap: async () => {
        await rewrapLookupKey({ storage, keyring });
        return keys.rewrap();
      },
    },
    subjects: {
      disable: (change) => storage.disableSubject(change),
      enable: (change) => storage.enableSubject(change),
    },
    guards: { list: () => readGuards(storage) },
    waitUntilApplied: (position, patience) => waitUntilApplied(storage, { position, patience }),
    metrics: () => issuerMetrics({ meter, storage, feed, guards }),
    drain: () => {
      closing = true;
      feed.hangUp();
    },
    close: async () => {
      closing = true;
      clearInterval(timer);
      guards.sessions.close();
      guards.revocations.close();
      await people?.close();
      await feed.close();
      await storage.close();
    },
  };
}

/** How many recovery codes an address may try in a minute: each is unguessable, so this spares the store. */
const triesPerMinute = 10;
/** Many people may share an address. */
const requestsPerMinute = 120;

function readPeople(
  { name, signIn, registration }: PeopleOptions,
  audiences: readonly Audience[],
): {
  readonly name: string | undefined;
  readonly signIn: PeopleOptions['signIn'];
  readonly registration: RegistrationPolicy;
} {
  const known = audiences.map(({ audience }) => audience);
  return { name, signIn: readSignIn(signIn), registration: readRegistration(registration, known) };
}

/** How clients are known by their documents; undefined where the installer does not allow it. */
function openDocuments(given: {
  issuer: string;
  storage: Storage;
  clock: () => number;
  policy: RegistrationPolicy['documents'];
}): ClientDocuments | undefined {
  const { issuer, policy, ...at } = given;
  if (policy === undefined) return undefined;
  const loopback = new URL(issuer).protocol === 'http:';
  return openClientDocuments({ ...at, policy, loopback, outbound: createOutbound({ loopback }) });
}

/** What only an issuer that people sign in at has. */
async function openPeople(
  office: Office,
  {
    ownGuard,
    said,
    report,
  }: {
    ownGuard: (audience: string, carrier: { cookie: string } | { bearer: 'accept' }) => Guard;
    said: ReturnType<typeof readPeople>;
    report: NonNullable<IssuerOptions['report']>;
  },
): Promise<{
  readonly office: PeopleOffice;
  readonly backchannel: BackchannelLogout;
  readonly close: () => Promise<void>;
}> {
  const { signIn, registration } = said;
  await settleOwnClient(office.storage);
  const cookies = createCookies(office.issuer);
  const guard = ownGuard(accountAudience(office.issuer), { cookie: cookies.tokenName });
  const cookieMint = createCookieMint({ mint: office.mint, cookies });
  const devices = openDeviceBindings({ ...office, cookieMint });
  const browsers = openBrowserSessions({ ...office, cookies, cookieMint, devices, guard });
  const userinfoGuard = ownGuard(userinfoAudience(office.issuer), { bearer: 'accept' });
  const authorizations = openAuthorizations(office);
  const passkeys = openPasskeys({
    issuer: office.issuer,
    name: said.name ?? new URL(office.issuer).host,
    challenges: createPasskeyChallenges(office.lookup),
  });
  const opening = {
    accounts: openAccounts(office),
    enrolments: openEnrolments({ ...office, passkeys }),
    signIns: openSignIns({ ...office, passkeys }),
    factors: openFactors({ ...office, passkeys }),
    recoveries: createAttempts({ perMinute: triesPerMinute, clock: office.clock }),
    arrivals: createAttempts({ perMinute: requestsPerMinute, clock: office.clock }),
  };
  const loopback = new URL(office.issuer).protocol === 'http:';
  const outbound = createOutbound({ loopback });
  const backchannel = createBackchannelLogout({ ...office, outbound, report });
  return {
    office: {
      ...office,
      ...opening,
      cookies,
      assets: await openAssets(),
      devices,
      browsers,
      userinfoGuard,
      authorizations,
      signIn,
      registration,
    },
    backchannel,
    close: async () => {
      await backchannel.close();
      guard.close();
      userinfoGuard.close();
    },
  };
}

/** The issuer's own guards hear the feed within the process, and nobody waits for what they would report. */
function ownStream(feed: Feed): typeof fetch {
  return (input, init) =>
    Promise.resolve(
      wantsStream(new Request(input, init))
        ? streamFeed(feed, () => ({ release: () => undefined }))
        : new Response(null, { status: 204 }),
    );
}

const sweepAfter = 90 * day * micros;

function keepMaintained(what: {
  keys: SigningKeys;
  storage: Storage;
  report: NonNullable<IssuerOptions['report']>;
  tokenLife: number;
}): ReturnType<typeof setInterval> {
  const { keys, storage, report, tokenLife } = what;
  const run = async (): Promise<void> => {
    try {
      await storage.settleTokenLife(tokenLife);
      await keys.maintain();
      await storage.closePages();
      await storage.sweepAuthorizations();
      await storage.sweep({ keepSessions: sweepAfter });
      await storage.sweepCodes();
    } catch (error) {
      report({ path: 'maintenance', error });
    }
  };
  return setInterval(() => void run(), maintenanceInterval).unref();
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
