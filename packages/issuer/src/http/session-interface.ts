import type { Guard, Session } from '@symbolon/guard';
import { z } from 'zod';
import type { SessionStartOptions } from '../sessions/sessions.ts';
import type { ListedSession } from '../storage/port/rows.ts';
import { json } from './answers.ts';
import { demandRight } from './demand-right.ts';
import type { Office } from './office.ts';
import { malformed, readJson, readQuery } from './requests.ts';

const startBody = z.strictObject({
  client_id: z.string(),
  subject: z.string(),
  audience: z.string().optional(),
  scope: z.string().optional(),
  jkt: z.string().optional(),
  amr: z.array(z.string()).optional(),
  auth_time: z.number().optional(),
  device: z.string().optional(),
});

type Handler = (request: Request) => Promise<Response>;

/**
 * The session interface over HTTP, for an application's own login: `/sessions`, guarded by our own guard.
 *
 * Its audience is `<issuer>/sessions`; what a machine client may do there is its rights at this moment, read
 * from the store, so that a right taken away, and a session that was ended, is gone at once.
 */
export function sessionInterface(
  office: Office,
  guard: Guard,
): { start: Handler; list: Handler; end: (request: Request, sid: string) => Promise<Response> } {
  return {
    start: guard.protect(async (request, session) => startSession(office, request, session)),
    list: guard.protect(async (request, session) => listSessions(office, request, session)),
    end: (request, sid) =>
      guard.protect(async (_request, session) => endSession(office, session, sid))(request),
  };
}

async function startSession(office: Office, request: Request, session: Session): Promise<Response> {
  const parsed = startBody.safeParse(await readJson(request));
  if (!parsed.success) throw malformed(String(parsed.error.issues[0]?.path[0] ?? 'body'));
  const { client_id: clientId, auth_time: authTime, ...rest } = parsed.data;
  await demandRight(office, session, `sessions:${clientId}`);
  const asked = dropUndefined({ ...rest, clientId, authTime }) as SessionStartOptions;
  const tokens = await office.sessions.start(asked).catch(asRefusal);
  return json(tokens, { status: 201 });
}

async function listSessions(office: Office, request: Request, session: Session): Promise<Response> {
  const query = readQuery(request);
  const clientId = query.get('client_id') ?? '';
  await demandRight(office, session, `sessions:${clientId}`);
  const subject = query.get('subject');
  const after = query.get('after');
  const rows = await office.sessions.list({
    clientId,
    only: 'alive',
    ...(subject === undefined ? {} : { subject }),
    ...(after === undefined ? {} : { after }),
  });
  return json({ sessions: rows.map(describeSession) });
}

async function endSession(office: Office, session: Session, sid: string): Promise<Response> {
  // No session is called anything else, and some databases keep no NUL.
  const found = /^[\x21-\x7e]+$/.test(sid) ? await office.sessions.find(sid) : undefined;
  await demandRight(office, session, `sessions:${found?.clientId ?? ''}`);
  const { kind } = await office.sessions.end({ sid, clientId: found?.clientId ?? '' });
  return json({ ended: sid, already: kind === 'already_ended' });
}

function describeSession(row: ListedSession): Record<string, unknown> {
  return {
    sid: row.sid,
    sub: row.subject,
    client_id: row.clientId,
    audience: row.audience,
    scope: row.scope,
    device: row.device,
    started_at: seconds(row.startedAt),
    last_used_at: seconds(row.lastUsedAt),
    expires_at: seconds(Math.min(row.idleExpiresAt, row.absoluteExpiresAt)),
    repeats: row.repeats,
  };
}

function seconds(micros: number): number {
  return Math.floor(micros / 1_000_000);
}

function dropUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

/** What in process is a wrong call is over HTTP a malformed request. */
function asRefusal(error: unknown): never {
  if (error instanceof TypeError) throw malformed('body');
  throw error;
}
