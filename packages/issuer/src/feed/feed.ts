import {
  keySetHash,
  maxEntries,
  publishedJwk,
  revocationName,
  signRevocations,
  type PublishedJwk,
  type Revocation,
} from '@symbolon/token';
import type { Clients } from '../clients/clients.ts';
import { openPages } from './feed-pages.ts';
import { createFeedWindow, type FeedSaying } from './feed-window.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import type { FeedEntry } from '../storage/port/feed-storage.ts';
import type { Storage } from '../storage/port/storage.ts';

/** Somebody who follows the stream. */
export interface Follower {
  /** One statement, as an event of the stream. */
  readonly said: (event: Uint8Array) => void;
  /** This process says no more: ask again, perhaps another one. */
  readonly over: () => void;
}

/** The feed as this process publishes it. */
export interface Feed {
  /** The statement of everything since the last closed page. */
  readonly current: () => Promise<string>;
  /** A closed page, or undefined where there is none that ends there. */
  readonly page: (to: number) => Promise<string | undefined>;
  readonly keys: () => Promise<readonly PublishedJwk[]>;
  /** Says the statement of {@link Feed.current} and then every one that joins on to it; returns how to stop. */
  readonly follow: (follower: Follower) => () => void;
  /** Whether the head was seen to move within the last two seconds: without that nothing is signed. */
  readonly isLive: () => boolean;
  /** The same, but a process that was itself held up gets a moment to look. */
  readonly becomesLive: () => Promise<boolean>;
  /** A key was revoked here: nothing that it may have signed is answered again. */
  readonly forgetStatements: () => void;
  /** Ends every stream. */
  readonly hangUp: () => void;
  readonly close: () => Promise<void>;
}

/** A follower, and what it was told last: the next thing comes after that. */
interface Following {
  readonly follower: Follower;
  said: Promise<void>;
}

/** How often the store is asked for news, in ms: ends may be written by any process on the same store. */
const interval = 40;
/** After a failure the store is asked less often, up to this, in ms. */
const longestRetry = 1000;
/** After this long without a moving head, in ms, this process signs nothing more. */
const liveFor = 2000;
/** After this long without a moving head, in ms, it is time to move it: guards hear something every second. */
const beatAfter = 800;
/** How often pages that are due are closed, in ms. */
const closingInterval = 60_000;
/** How long closing waits for a store that does not answer, in ms. */
const patience = 1000;
const microseconds = 1_000_000;

/**
 * Opens the feed: reads what is ended as it is committed, and says so in signed statements.
 *
 * The store's head makes the order of positions the order of commits, so whatever process makes a statement, it
 * holds every entry at or below its `to`. `elapsed` counts milliseconds that never go back.
 */
export async function openFeed(options: {
  issuer: string;
  storage: Storage;
  keys: Pick<SigningKeys, 'published' | 'feedSigner' | 'feedKeys' | 'forget'>;
  /** What it keeps of clients is forgotten when one was changed. */
  clients: Pick<Clients, 'forget'>;
  elapsed: () => number;
  report: (fault: { path: string; error: unknown }) => void;
}): Promise<Feed> {
  const { issuer, storage, keys, clients, elapsed } = options;
  const followers = new Set<Following>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let failures = 0;
  let closedPagesAt = elapsed();

  const sign = async (said: FeedSaying): Promise<string> => {
    const kids = (await keys.published()).map((key) => key.kid);
    return signRevocations({ iss: issuer, ...said, keys: await keySetHash(kids) }, await keys.feedSigner());
  };
  const nameEntries = (entries: readonly FeedEntry[]): Promise<readonly Revocation[]> =>
    Promise.all(entries.map((entry) => toRevocation(issuer, entry)));

  await storage.beat();
  const first = await storage.readFeed({ after: Number.MAX_SAFE_INTEGER, limit: 1 });
  let movedAt = elapsed();
  let { clientsAt } = first;
  const window = createFeedWindow({ from: first.pageEnd, floor: first.floor, sign, elapsed });
  const pages = openPages({ elapsed, read: (to) => storage.readPage(to), nameEntries, sign });

  /** Says everything that was committed since the last time; answers whether there may be more already. */
  const takeNews = async (): Promise<boolean> => {
    const askedAt = elapsed();
    const { entries, ...reading } = await storage.readFeed({ after: window.to(), limit: maxEntries });
    if (reading.clientsAt !== clientsAt) {
      ({ clientsAt } = reading);
      clients.forget();
    }
    if (reading.head > window.to()) {
      // A signing key that is gone signs nothing more here, not even the statement that says so.
      const gone = entries.filter(({ kind }) => kind === 'key').map(({ value }) => value);
      if (gone.length > 0) {
        keys.forget(gone);
        forgetStatements();
      }
      const news = await nameEntries(entries);
      const { floor } = reading;
      if (followers.size > 0)
        tell(toEvent(await sign({ from: window.to(), to: reading.head, floor, entries: news })));
      window.add({ ...reading, positions: entries.map(({ position }) => position), entries: news });
      movedAt = askedAt;
    } else window.moveFrom(reading.pageEnd);
    return entries.length >= maxEntries / 2;
  };

  const forgetStatements = (): void => {
    window.forgetStatements();
    pages.forgetStatements();
  };

  const tell = (event: Uint8Array): void => {
    for (const one of followers) {
      one.said = one.said.then(() => {
        say(one, event);
      });
    }
  };

  const say = (one: Following, event: Uint8Array): void => {
    if (followers.has(one)) one.follower.said(event);
  };

  const closePages = async (): Promise<void> => {
    const due = elapsed() - closedPagesAt >= closingInterval;
    if (!due && !window.isFull()) return;
    closedPagesAt = elapsed();
    await storage.closePages();
  };

  const tick = async (): Promise<void> => {
    while (await takeNews());
    await closePages();
    if (elapsed() - movedAt >= beatAfter) await storage.beat();
    failures = 0;
  };

  const run = async (): Promise<void> => {
    try {
      await tick();
    } catch (error) {
      // Said once for each outage, not twenty-five times a second.
      if (failures++ === 0 && !closed) options.report({ path: 'feed', error });
    }
    schedule();
  };
  const schedule = (): void => {
    if (closed) return;
    const wait = Math.min(longestRetry, interval * 2 ** Math.min(failures, 10));
    timer = setTimeout(() => {
      busy = run();
    }, wait).unref();
  };

  const hangUp = (): void => {
    const all = [...followers];
    followers.clear();
    for (const { follower } of all) follower.over();
  };

  const isLive = (): boolean => elapsed() - movedAt <= liveFor;

  // The window is whole before anybody asks for it.
  while (await takeNews());
  await closePages();
  let busy = run();

  return {
    current: window.recent,
    page: pages.find,
    keys: async () => (await keys.feedKeys()).map((key) => publishedJwk(key, 'feed')),
    follow: (follower) => {
      const one: Following = { follower, said: Promise.resolve() };
      followers.add(one);
      one.said = window.newest().then(
        (statement) => {
          say(one, toEvent(statement));
        },
        () => {
          if (followers.delete(one)) follower.over();
        },
      );
      return () => followers.delete(one);
    },
    isLive,
    becomesLive: async () => {
      const since = performance.now();
      while (!isLive() && !closed && performance.now() - since < liveFor / 4) await sleep(interval / 2);
      return isLive();
    },
    forgetStatements,
    hangUp,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      hangUp();
      await Promise.race([busy, sleep(patience)]);
    },
  };
}

async function toRevocation(issuer: string, entry: FeedEntry): Promise<Revocation> {
  const { kind, value, cutAt, until } = entry;
  return {
    kind,
    name: await revocationName(issuer, { kind, value }),
    cutAt,
    until: Math.ceil(until / microseconds),
  };
}

/** One statement as an event of the stream (WHATWG server-sent events). */
function toEvent(statement: string): Uint8Array {
  return new TextEncoder().encode(`data: ${statement}\n\n`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
