import { AuthError, checkTimes, type AuthErrorCode, type HeaderTable } from '@symbolon/token';
import { createBoundedFetch } from './bounded-fetch.ts';
import { challengeFor, challengeResponse, type Challenge } from './challenge.ts';
import { demandSameOrigin } from './cookie-requests.ts';
import { readCookieOrCredentials, readCredentials, type Credentials } from './credentials.ts';
import { createCounters, type Counters } from './counters.ts';
import { createConnections, type CloseReason, type Connections } from './connections.ts';
import { createEnds } from './ends.ts';
import { guardMetrics } from './guard-metrics.ts';
import type { GuardStats } from './guard-stats.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { createKeySetSource, type KeySetSource } from './key-set-source.ts';
import { readOptions, type GuardOptions } from './options.ts';
import { createProofs } from './proofs.ts';
import type { RequestView } from './request-view.ts';
import { checkRequirement, readRequirement, type Demand, type Requirement } from './requirement.ts';
import { jitter } from './jitter.ts';
import type { Session } from './session.ts';
import { takeSteps, waitFor, type Steps } from './steps.ts';
import { createVerifiedTokens, verifyEntry, type VerifiedEntry } from './verified-tokens.ts';

/** The door of one resource server: one issuer, one audience. */
export interface Guard {
  /**
   * Loads the key set and the feed; rejects with the reason and what to do. Call it before listening. A feed that
   * cannot be read is a reason under `staleFeed: 'refuse'` only.
   */
  readonly ready: () => Promise<void>;
  /** Checks one request; rejects with an `AuthError`. Anything else it rejects with is a fault. */
  readonly authenticate: (request: RequestView, requirement?: Requirement) => Promise<Session>;
  /** Parses a requirement once and gives the function that checks requests against it. Throws `TypeError`. */
  readonly require: (requirement?: Requirement) => (request: RequestView) => Promise<Session>;
  /**
   * The same for adapters: where nothing has to be waited for, as with a bearer token that was verified before, the
   * function gives the session, or throws, at once.
   */
  readonly decide: (requirement?: Requirement) => (request: RequestView) => Session | Promise<Session>;
  /** Puts the guard before a Fetch handler, which gets the session as its second argument. */
  readonly protect: (
    handler: (request: Request, session: Session) => Response | Promise<Response>,
    requirement?: Requirement,
  ) => (request: Request) => Promise<Response>;
  /** Live connections, closed when their session ends or expires. */
  readonly connections: Pick<Connections, 'watch' | 'size'>;
  /** Turns an `AuthError` into an answer; rethrows anything else. */
  readonly challenge: (error: unknown) => Challenge;
  readonly stats: () => GuardStats;
  /** The same as Prometheus reads it: text, with the guard's name and audience as labels. Serve it to nobody but that. */
  readonly metrics: () => string;
  /** Stops all that runs in the background: no timer and no request is left. Watched connections are let go. */
  readonly close: () => void;
}

/**
 * Makes a guard: it decides with memory and arithmetic alone, and fetches nothing but the issuer's key set and feed.
 *
 * Nothing is fetched until `ready()` or the first request; from then on it follows the issuer's feed in the
 * background, and a session that is ended there is refused at the next request.
 *
 * @throws TypeError if an option is missing or malformed.
 */
export function createGuard(options: GuardOptions): Guard {
  const settings = readOptions(options);
  const { issuer, audience, clock, timers, bearer, cookie } = settings;
  const origin = new URL(settings.publicUrl).origin;
  const counters = createCounters();
  const refusedByCode: Partial<Record<AuthErrorCode, number>> = {};
  const proofs = createProofs(settings, counters);
  const tokens = createVerifiedTokens(settings.cacheBytes);
  const stopped = new AbortController();
  const ask = createBoundedFetch({ fetch: settings.fetch, stopped: stopped.signal });
  const keys = createIssuerKeys({
    issuer,
    source: countFetches(createKeySetSource({ ...settings, ask }), counters),
    clock,
    timers,
    jitter,
    isEnded: (name) => ends.isKeyEnded(name),
    onKeys: (kids) => {
      tokens.keepOnlyKeys(kids);
      ends.noticeKeys(kids);
    },
  });
  const ends = createEnds(settings, {
    ask,
    keys: () => keys,
    onLearnt: () => {
      connections.review();
    },
  });

  const judge = (entry: VerifiedEntry): CloseReason | undefined => {
    const code = ends.endOf(entry);
    if (code !== undefined) return code;
    if (!(clock() / 1000 < entry.token.claims.exp)) return 'token_expired';
    return ends.mustRefuse() ? 'feed_stale' : undefined;
  };

  const entries = new WeakMap<Session, VerifiedEntry>();
  const connections = createConnections({
    judge,
    entryOf: (session) => entries.get(session),
    onFault: () => counters.faults++,
    timers,
  });

  /** The whole decision, in order: any line may refuse, none is skipped by a cached token but the signature. */
  function* decision(request: RequestView, demand: Demand): Steps<Session> {
    counters.decisions++;
    try {
      const credentials = credentialsOf(request);
      const table = keys.current() ?? (yield* waitFor(loadKeys()));
      const now = clock() / 1000;
      const entry =
        findToken(credentials.token) ?? (yield* waitFor(verifyToken(credentials.token, { table, now })));
      checkTimes(entry.token.claims, now);
      checkCarrier(entry, { credentials, bearer });
      const proof =
        credentials.proof === undefined
          ? undefined
          : yield* waitFor(proofs.accept(credentials.proof, { request, entry, now }));
      ends.check(entry, { freshWithin: demand.freshWithin, now });
      checkRequirement(entry.session, demand, now);
      if (demand.once) {
        yield* waitFor(proofs.redeem(proof));
        ends.check(entry, { freshWithin: demand.freshWithin, now });
      }
      counters.accepted++;
      return entry.session;
    } catch (error) {
      counters[error instanceof AuthError ? 'refused' : 'faults']++;
      if (error instanceof AuthError) refusedByCode[error.code] = (refusedByCode[error.code] ?? 0) + 1;
      throw error;
    }
  }

  const credentialsOf = (request: RequestView): Credentials => {
    if (cookie === undefined) return readCredentials(request.headers);
    const credentials = readCookieOrCredentials(request.headers, cookie);
    if (credentials.scheme === 'Cookie') demandSameOrigin(request, origin);
    return credentials;
  };

  const loadKeys = (): Promise<HeaderTable> => {
    counters.networkCalls++;
    return start();
  };

  /** The feed is waited for with the keys, but only the keys are needed under either choice. */
  const start = async (): Promise<HeaderTable> => {
    const [table] = await Promise.all([keys.load(), ends.begin()]);
    return table;
  };

  const findToken = (text: string): VerifiedEntry | undefined => {
    const entry = tokens.find(text);
    if (entry !== undefined) counters.cacheHits++;
    return entry;
  };

  const verifyToken = async (
    text: string,
    expected: { table: HeaderTable; now: number },
  ): Promise<VerifiedEntry> => {
    const entry = await verifyEntry(text, { ...expected, issuer, audience }).catch((error: unknown) => {
      if (isKeyUnknown(error)) keys.noticeUnknownHeader(text.slice(0, text.indexOf('.')));
      throw error;
    });
    entries.set(entry.session, entry);
    // The key may have left while its signature was verified: then the entry must not come in after it.
    if (keys.current() === expected.table) tokens.keep(text, entry);
    return entry;
  };

  const readDemand = (requirement: Requirement): Demand =>
    readRequirement(requirement, { store: settings.replayStore !== undefined });

  const decide: Guard['decide'] = (requirement = {}) => {
    const demand = readDemand(requirement);
    return (request) => takeSteps(decision(request, demand));
  };

  const require: Guard['require'] = (requirement) => {
    const decideNow = decide(requirement);
    return async (request) => decideNow(request);
  };

  const challenge = (error: unknown): Challenge => challengeFor(error, { bearer });

  const stats = (): GuardStats => {
    const { entries, bytes } = tokens.size();
    return {
      ...counters,
      refusedByCode: { ...refusedByCode },
      cachedTokens: entries,
      cachedBytes: bytes,
      rememberedProofs: proofs.remembered(),
      liveConnections: connections.size(),
      feed: ends.state(),
    };
  };

  return {
    ready: async () => {
      await Promise.all([keys.ready(), ends.ready()]);
    },
    require,
    decide,
    authenticate: async (request, requirement) => decide(requirement)(request),
    protect: (handler, requirement) =>
      protectFetch({ authenticate: require(requirement), challenge, handler }),
    challenge,
    stats,
    metrics: () => guardMetrics(stats(), { guard: settings.name, audience }),
    connections,
    close: () => {
      stopped.abort(new TypeError('the guard was closed'));
      keys.close();
      ends.close();
      connections.close();
    },
  };
}

/** Only a failed authentication is answered here: what the handler throws is its own. */
function protectFetch(door: {
  authenticate: (request: RequestView) => Promise<Session>;
  challenge: (error: unknown) => Challenge;
  handler: (request: Request, session: Session) => Response | Promise<Response>;
}): (request: Request) => Promise<Response> {
  return async (request) => {
    let session: Session;
    try {
      session = await door.authenticate(request);
    } catch (error) {
      return challengeResponse(door.challenge(error));
    }
    return door.handler(request, session);
  };
}

function isKeyUnknown(error: unknown): boolean {
  return error instanceof AuthError && error.code === 'token_key_unknown';
}

/** A token is taken in the one way its issuer bound it to, and only where this guard can check that way. */
function checkCarrier(
  { token: { carrier } }: VerifiedEntry,
  { credentials, bearer }: { credentials: Credentials; bearer: boolean },
): void {
  switch (carrier.kind) {
    case 'key':
      if (credentials.scheme !== 'DPoP') throw new AuthError('token_carrier_unexpected');
      return;
    case 'bearer':
      if (!bearer) throw new AuthError('token_bearer_refused');
      if (credentials.scheme !== 'Bearer') throw new AuthError('token_carrier_unexpected');
      return;
    case 'cookie':
      if (credentials.scheme !== 'Cookie') throw new AuthError('token_carrier_unexpected');
      return;
    case 'certificate':
      throw new AuthError('token_carrier_unexpected');
  }
}

function countFetches(fetchKeys: KeySetSource, counters: Counters): KeySetSource {
  return async (how) => {
    counters.keySetFetches++;
    try {
      return await fetchKeys(how);
    } catch (error) {
      counters.keySetFailures++;
      throw error;
    }
  };
}
