import type { Guard, Session } from '@symbolon/guard';
import { z } from 'zod';
import { toEvent, type Feed } from '../feed.ts';
import { json } from './answers.ts';
import type { Office } from './office.ts';
import { malformed, readJson } from './requests.ts';

type Handler = (request: Request) => Promise<Response>;

/** The places of the feed. */
export interface FeedInterface {
  readonly current: Handler;
  readonly page: (request: Request, to: string) => Promise<Response>;
  readonly keys: Handler;
  readonly acknowledge: Handler;
}

/** A guard that reads slower than this many statements behind is hung up on: it comes back and reads the window. */
const mostBehind = 64;
const statementType = 'application/jwt';

const acknowledgementBody = z.strictObject({
  instance: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  name: z.string().min(1).max(120),
  audience: z.string().min(1).max(512),
  to: z.int().min(0),
  keys: z.array(z.string().regex(/^[A-Za-z0-9_-]{43}$/)).max(64),
});

/**
 * The feed over HTTP: documents for everybody and every cache, a stream and acknowledgements for guards that
 * have an identity (a session token for `<issuer>/revocations`).
 */
export function feedInterface(office: Office, guard: Guard): FeedInterface {
  const stream = guard.protect((_request, session) => openStream(office.feed, guard, session));
  return {
    current: async (request) => {
      const wantsStream = request.headers.get('accept')?.includes('text/event-stream') === true;
      return wantsStream ? stream(request) : currentStatement(office, request);
    },
    page: async (_request, to) => closedPage(office, to),
    keys: async () => {
      const headers = { 'cache-control': `public, max-age=${String(office.keySetMaxAge)}` };
      return json({ keys: await office.feed.keys() }, { headers });
    },
    acknowledge: guard.protect(async (request, session) => acknowledge(office, request, session)),
  };
}

async function currentStatement(office: Office, request: Request): Promise<Response> {
  const statement = await office.feed.current();
  // The signature ends the text and is deterministic: it tells two statements apart.
  const etag = `"${statement.slice(-43)}"`;
  const headers = { 'content-type': statementType, 'cache-control': 'public, max-age=1', etag };
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  return new Response(statement, { headers });
}

async function closedPage(office: Office, to: string): Promise<Response> {
  const page = /^[0-9]{1,16}$/.test(to) ? await office.feed.page(Number(to)) : undefined;
  if (page === undefined) return json({ error: 'not_found' }, { status: 404 });
  const headers = { 'content-type': statementType, 'cache-control': 'public, max-age=31536000, immutable' };
  return new Response(page, { headers });
}

/** Starts with everything since the last closed page, then says each statement as it is made. */
function openStream(feed: Feed, guard: Guard, session: Session): Response {
  let stop = (): void => undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start: async (controller) => {
        const hangUp = (): void => {
          stop();
          controller.close();
        };
        const watched = guard.connections.watch(session, hangUp);
        const unsubscribe = feed.subscribe((event) => {
          controller.enqueue(event);
          if ((controller.desiredSize ?? 0) <= 0) hangUp();
        });
        stop = () => {
          unsubscribe();
          watched.release();
        };
        controller.enqueue(toEvent(await feed.current()));
      },
      cancel: () => {
        stop();
      },
    },
    new CountQueuingStrategy({ highWaterMark: mostBehind }),
  );
  const headers = {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  };
  return new Response(body, { headers });
}

async function acknowledge(office: Office, request: Request, session: Session): Promise<Response> {
  const parsed = acknowledgementBody.safeParse(await readJson(request));
  if (!parsed.success) throw malformed(parsed.error.issues[0]?.path.join('.') ?? 'body');
  await office.storage.acknowledge({ ...parsed.data, clientId: session.clientId });
  return new Response(null, { status: 204 });
}
