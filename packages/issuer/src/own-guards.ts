import { createGuard, type Guard } from '@symbolon/guard';
import type { Feed } from './feed/feed.ts';
import { streamFeed } from './http/feed-stream.ts';
import { wantsStream } from './http/revocations.ts';

/** Makes a guard of one of the issuer's own audiences. */
export type OwnGuard = (audience: string, carrier?: { cookie?: string; bearer?: 'accept' }) => Guard;

/** The issuer is the first customer of the guard: its own endpoints are behind guards that ask it in process. */
export function createOwnGuards(of: {
  readonly issuer: string;
  readonly clock: () => number;
  readonly feed: Feed;
  /** Asks the issuer itself. */
  readonly fetch: typeof fetch;
}): OwnGuard {
  return (audience, carrier = {}) =>
    createGuard({
      ...carrier,
      issuer: of.issuer,
      audience,
      // The path of every request begins with that of the identifier.
      publicUrl: new URL(of.issuer).origin,
      fetch: of.fetch,
      clock: of.clock,
      staleFeed: 'accept',
      identity: ownStream(of.feed),
    });
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
