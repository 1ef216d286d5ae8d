import { createHolderKeys, createReplayMemory } from '@symbolon/guard';
import type { Accounts } from './people/accounts.ts';
import { openAuthorizations } from './linking/authorizations.ts';
import { openDocuments } from './clients/client-documents.ts';
import { openClients, type Clients } from './clients/clients.ts';
import { boundTokenLife } from './people/cookie-mint.ts';
import { openFeed } from './feed/feed.ts';
import { readGuards, type RegisteredGuards } from './feed/guards.ts';
import type { Office } from './http/office.ts';
import type { Sender } from './http/route.ts';
import { createApp } from './http/routes.ts';
import { issuerMetrics } from './metrics/issuer-metrics.ts';
import { readIssuerOptions, type IssuerOptions } from './issuer-options.ts';
import { keyTimes } from './keys/key-times.ts';
import { openLookupKey, rewrapLookupKey } from './keys/lookup-key.ts';
import { keepMaintained } from './maintenance.ts';
import { createMeter } from './metrics/meter.ts';
import { createMinuteCounts } from './metrics/minute-counts.ts';
import { createOwnGuards } from './own-guards.ts';
import { createOwnSignIn, type OwnSignIn } from './linking/own-sign-in.ts';
import { openPeople } from './people/people-office.ts';
import { readPeople } from './people/people-options.ts';
import { waitUntilApplied, type Propagation } from './feed/propagation.ts';
import { createRefreshTokens } from './sessions/refresh-tokens.ts';
import { openSessions, type Sessions } from './sessions/sessions.ts';
import { settleIssuer } from './settle-issuer.ts';
import { openSigningKeys, type SigningKeys } from './keys/signing-keys.ts';
import type { CutResult } from './storage/port/decisions.ts';
import type { Storage } from './storage/port/storage.ts';
import { createMint } from './sessions/tokens.ts';

/** A running issuer: a Fetch handler and what an application may do in process. */
export interface Issuer {
  readonly issuer: string;
  /** Answers a request. `sender` says what the server knows of who sent it. */
  readonly fetch: (request: Request, sender?: Sender) => Promise<Response>;
  /** Who may sign in here; undefined without the option `people`. */
  readonly accounts: Accounts | undefined;
  readonly sessions: Omit<Sessions, 'find'>;
  readonly clients: Omit<Clients, 'find' | 'introduce' | 'reread' | 'readKeys'>;
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

/**
 * Creates an issuer over a store and a keyring.
 *
 * Makes missing signing keys, opens all that sign, and looks after their rotation. Mount `fetch` anywhere, or
 * use `serveIssuer`.
 *
 * @throws TypeError with the fix in the message for unsound options; Error if the keyring does not open the store.
 */
export async function createIssuer(options: IssuerOptions): Promise<Issuer> {
  const { issuer, audiences, lifetimes, keySetMaxAge, keyRotation } = readIssuerOptions(options);
  const { keyring, clock = Date.now } = options;
  const elapsed = options.elapsed ?? ((): number => performance.now());
  const meter = createMeter({ elapsed });
  const storage = meter.metered(options.storage);
  const report: NonNullable<IssuerOptions['report']> = (fault) => {
    meter.failed();
    options.report?.(fault);
  };
  // Judged before anything runs in the background, which would keep the process alive.
  const said = options.people === undefined ? undefined : readPeople(options.people, { issuer, audiences });
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
    times: keyTimes(lifetimes, { keySetMaxAge, rotation: keyRotation }),
  });
  const lookup = await openLookupKey({ storage, keyring });
  const clients = openClients({
    storage,
    clock,
    knownAudiences: () => audiences.map(({ audience }) => audience),
    documents: said && openDocuments({ issuer, storage, clock, policy: said.registration }),
  });
  await storage.settleTokenLife(tokenLife);
  const feed = await openFeed({ issuer, storage, keys, clients, elapsed, report });
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
    holderKeys: createHolderKeys(),
    refreshes: createMinuteCounts(clock),
    clock,
    servesPeople: options.people !== undefined,
    isClosing,
  };
  const ownGuard = createOwnGuards({
    issuer,
    clock,
    feed,
    fetch: async (input, init) => app(new Request(input, init)),
  });
  const guards = {
    sessions: ownGuard(`${issuer}/sessions`),
    revocations: ownGuard(`${issuer}/revocations`),
    // Where people sign in here, nobody else says who they are.
    ...(said?.signIn === undefined ? {} : { authorizations: ownGuard(`${issuer}/authorizations`) }),
  };
  const authorizations = openAuthorizations(office);
  const ownSignIn = createOwnSignIn({ storage, clients, authorizations });
  const people = said && (await openPeople(office, { authorizations, ownGuard, said, report }));
  const app = createApp(office, {
    guards,
    ownSignIn,
    people: people?.office,
    report,
    refused: meter.refused,
  });
  const timer = keepMaintained({ keys, storage, report, tokenLife });
  return {
    issuer,
    fetch: app,
    sessions,
    clients,
    accounts: people?.office.accounts,
    authorizations: ownSignIn,
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
    metrics: () => issuerMetrics({ meter, storage, feed, guards: { ...guards, ...people?.guards } }),
    drain: () => {
      closing = true;
      feed.hangUp();
    },
    close: async () => {
      closing = true;
      clearInterval(timer);
      guards.sessions.close();
      guards.revocations.close();
      guards.authorizations?.close();
      await people?.close();
      await feed.close();
      await storage.close();
    },
  };
}
