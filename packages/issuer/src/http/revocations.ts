import { AuthError, type AuthErrorCode } from '@symbolon/token';
import { challengeResponse, type Guard, type Session } from '@symbolon/guard';
import { z } from 'zod';
import { json } from './answers.ts';
import { streamFeed } from './feed-stream.ts';
import { plainName } from '../plain-name.ts';
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

const statementType = 'application/jwt';

/**
 * How long a cache may keep a page, in seconds. Its entries never change, but the key that signed it is published
 * for two hours after it retires, and a page must not outlive in a cache the key by which it is verified.
 */
const pageMaxAge = 3600;

const acknowledgementBody = z.strictObject({
  instance: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  name: z.string().min(1).max(120).regex(plainName),
  audience: z.string().min(1).max(512).regex(plainName),
  to: z.int().min(0),
  keys: z.array(z.string().regex(/^[A-Za-z0-9_-]{43}$/)).max(64),
});

/**
 * The feed over HTTP: documents for everybody and every cache, a stream and acknowledgements for guards that
 * have an identity (a session token for `<issuer>/revocations`).
 */
export function feedInterface(office: Office, guard: Guard): FeedInterface {
  const stream = guard.protect(async (_request, session) => openStream(office, guard, session));
  return {
    current: async (request) => (wantsStream(request) ? stream(request) : currentStatement(office, request)),
    page: async (_request, to) => closedPage(office, to),
    keys: async () => {
      const headers = { 'cache-control': `public, max-age=${String(office.keySetMaxAge)}` };
      return json({ keys: await office.feed.keys() }, { headers });
    },
    acknowledge: guard.protect(async (request, session) => acknowledge(office, request, session)),
  };
}

/** Whether a request asks for the stream and not for the document. */
export function wantsStream(request: Request): boolean {
  return request.headers.get('accept')?.includes('text/event-stream') === true;
}

async function currentStatement(office: Office, request: Request): Promise<Response> {
  const statement = await office.feed.current();
  // The signature ends the text and is deterministic: it tells two statements apart.
  const etag = `"${statement.slice(-43)}"`;
  const headers = {
    'content-type': statementType,
    'cache-control': 'public, max-age=1',
    etag,
    vary: 'accept',
  };
  const held = request.headers.get('if-none-match')?.split(',') ?? [];
  const known = held.some((tag) => tag.trim().replace(/^W\//, '') === etag);
  return known ? new Response(null, { status: 304, headers }) : new Response(statement, { headers });
}

async function closedPage(office: Office, to: string): Promise<Response> {
  const page = /^[1-9][0-9]{0,15}$/.test(to) ? await office.feed.page(Number(to)) : undefined;
  if (page === undefined) return json({ error: 'not_found' }, { status: 404 });
  const cache = `public, max-age=${String(pageMaxAge)}, immutable`;
  return new Response(page, { headers: { 'content-type': statementType, 'cache-control': cache } });
}

/** The token is good for minutes, so whether its session stands is asked of the store once more. */
async function openStream(office: Office, guard: Guard, session: Session): Promise<Response> {
  const refuse = (code: AuthErrorCode): Response =>
    challengeResponse(guard.challenge(new AuthError(code, { detail: { retryAfter: 1 } })));
  if (office.isClosing()) return refuse('issuer_cut_off');
  const answer = await office.storage.sessionAlive({ sid: session.sessionId });
  if (answer.kind !== 'alive') return refuse('session_ended');
  return streamFeed(office.feed, (hangUp) => guard.connections.watch(session, hangUp));
}

async function acknowledge(office: Office, request: Request, session: Session): Promise<Response> {
  const parsed = acknowledgementBody.safeParse(await readJson(request));
  if (!parsed.success) throw malformed(parsed.error.issues[0]?.path.join('.') ?? 'body');
  await office.storage.acknowledge({ ...parsed.data, clientId: session.clientId });
  return new Response(null, { status: 204 });
}
