import {
  keySetHash,
  maxEntries,
  publishedJwk,
  revocationName,
  signRevocations,
  type PublishedJwk,
  type Revocation,
} from '@symbolon/token';
import type { SigningKeys } from './signing-keys.ts';
import type { FeedEntry, Storage } from './storage/storage.ts';

/** The feed as this process publishes it. */
export interface Feed {
  /** The statement of everything since the last closed page. */
  readonly current: () => Promise<string>;
  /** A closed page, or undefined where there is none that ends there. */
  readonly page: (to: number) => Promise<string | undefined>;
  readonly keys: () => Promise<readonly PublishedJwk[]>;
  /** Gives every interval statement from now on, as an event of the stream; returns how to stop. */
  readonly subscribe: (listener: (event: Uint8Array) => void) => () => void;
  /** Whether the head was seen to move within the last two seconds: without that nothing is signed. */
  readonly isLive: () => boolean;
  readonly close: () => Promise<void>;
}

/** How often the store is asked for news, in ms: ends may be written by any process on the same store. */
const interval = 40;
/** After this long without a moving head, in ms, this process signs nothing more. */
const liveFor = 2000;
/** How long the window statement may be answered again, in ms, while nothing was ended. */
const currentFor = 1000;
const microseconds = 1_000_000;

/**
 * Opens the feed: reads what is ended as it is committed, and says so in signed statements.
 *
 * The store's head makes the order of positions the order of commits, so whatever replica makes a statement, it
 * holds every entry at or below its `to`.
 */
export async function openFeed(options: {
  issuer: string;
  storage: Storage;
  keys: SigningKeys;
  report: (fault: { path: string; error: unknown }) => void;
}): Promise<Feed> {
  const { issuer, storage, keys } = options;
  const listeners = new Set<(event: Uint8Array) => void>();
  let to = (await storage.readFeed({ after: Number.MAX_SAFE_INTEGER, limit: 1 })).head;
  let movedAt = performance.now();
  let kept: { statement: Promise<string>; to: number; at: number } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let busy: Promise<void> = Promise.resolve();

  const sign = async (said: {
    from: number;
    to: number;
    floor: number;
    entries: readonly FeedEntry[];
  }): Promise<string> => {
    const kids = (await keys.published()).map((key) => key.kid);
    const entries = await Promise.all(said.entries.map((entry) => toRevocation(issuer, entry)));
    const statement = { iss: issuer, ...said, keys: await keySetHash(kids), entries };
    return signRevocations(statement, await keys.feedSigner());
  };

  const readWindow = async (): Promise<string> => {
    const { pageEnd } = await storage.readFeed({ after: Number.MAX_SAFE_INTEGER, limit: 1 });
    const { head, floor, entries } = await storage.readFeed({ after: pageEnd, limit: maxEntries });
    return sign({ from: pageEnd, to: head, floor, entries });
  };

  const tick = async (): Promise<void> => {
    const { head, floor, entries } = await storage.readFeed({ after: to, limit: maxEntries });
    if (head > to) {
      movedAt = performance.now();
      if (entries.length > 0) kept = undefined;
      if (listeners.size > 0) {
        const event = toEvent(await sign({ from: to, to: head, floor, entries }));
        for (const listener of [...listeners]) listener(event);
      }
      to = head;
    }
    if (performance.now() - movedAt > liveFor / 2 || head <= to) await storage.beat();
  };

  const run = async (): Promise<void> => {
    try {
      await tick();
    } catch (error) {
      options.report({ path: 'feed', error });
    }
    if (!closed) timer = setTimeout(() => (busy = run()), interval).unref();
  };
  await storage.beat();
  busy = run();

  return {
    current: () => {
      const now = performance.now();
      if (kept === undefined || now - kept.at > currentFor) {
        const statement = readWindow();
        kept = { statement, to, at: now };
        statement.catch(() => (kept = undefined));
      }
      return kept.statement;
    },
    page: async (end) => {
      const page = await storage.readPage(end);
      return page === null ? undefined : sign(page);
    },
    keys: async () => (await keys.feedKeys()).map((key) => publishedJwk(key, 'feed')),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    isLive: () => performance.now() - movedAt <= liveFor,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await busy;
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
export function toEvent(statement: string): Uint8Array {
  return new TextEncoder().encode(`data: ${statement}\n\n`);
}
