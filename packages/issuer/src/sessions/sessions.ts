import { AuthError } from '@symbolon/token';
import { z } from 'zod';
import { chooseTarget, type Audience } from './audiences.ts';
import type { Clients } from '../clients/clients.ts';
import { newId } from '../random.ts';
import type { ActingSession } from '../storage/port/actor.ts';
import type { CutResult } from '../storage/port/decisions.ts';
import type { ListedSession } from '../storage/port/rows.ts';
import type { SessionEnd, SessionStart, StartRefusal } from '../storage/port/session-storage.ts';
import type { Storage } from '../storage/port/storage.ts';
import { signWith, type IssuedTokens, type Mint } from './tokens.ts';

/**
 * Text without controls, which act on the terminal that lists them, and without lone surrogates: a store keeps each of
 * them as the same character, and two names would become one subject.
 */
const plainText = z.string().regex(/^[^\p{Cc}\p{Cs}]+$/u, 'expected text without control characters');

/** What an application with its own login says of a person who has just signed in there. */
export const sessionOptions = z.strictObject({
  /** The public client in whose name the session is held. */
  clientId: z.string().min(1).max(64),
  /** The person's name in the application; never leaves the store. */
  subject: plainText.max(256),
  audience: z.string().optional(),
  scope: z.string().max(2048).optional(),
  /** RFC 7638 thumbprint of the holder's key; left out only for a bearer client. */
  jkt: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/)
    .optional(),
  /** How the person was authenticated (RFC 8176): the application's word, and marked so. */
  amr: z
    .array(z.string().regex(/^[a-z0-9_-]{1,32}$/))
    .max(8)
    .default([]),
  /** When the person was authenticated, in seconds; left out: now. */
  authTime: z.int().min(0).optional(),
  /** What the person calls the device. */
  device: plainText.max(120).optional(),
});

/** The input of {@link Sessions.start}. */
export type SessionStartOptions = z.input<typeof sessionOptions>;

/** Which sessions to list: newest first. */
export interface SessionListOptions {
  readonly clientId?: string;
  /** The person's name in the client's application. */
  readonly subject?: string;
  readonly only?: 'alive';
  readonly limit?: number;
  readonly after?: string;
}

/** `ended`: every guard that knows the feed up to `position` refuses it (`issuer.waitUntilApplied`). */
export type SessionEndResult =
  { readonly kind: 'ended'; readonly position: number } | { readonly kind: 'already_ended' | 'unknown' };

/** Which session ends, and of which client alone. `by` is for the audit log; whoever is signed in here decides while he is. */
export interface SessionEndOptions {
  readonly sid: string;
  readonly by?: 'application' | 'operator' | ActingSession;
  readonly clientId?: string;
}

/** Whose sessions end. `by` is for the audit log. */
export type EndOfMany = ({ clientId: string } | { subject: string } | { everything: true }) & {
  readonly by?: 'application' | 'operator';
};

/** The sessions of an application with its own login, and of machines. */
export interface Sessions {
  /** @throws TypeError for unsound options, AuthError for what client or audience may not. */
  readonly start: (options: SessionStartOptions) => Promise<IssuedTokens>;
  readonly list: (options?: SessionListOptions) => Promise<readonly ListedSession[]>;
  readonly find: (sid: string) => Promise<ListedSession | undefined>;
  /**
   * Ends a session for good; of a browser, with the sessions by which applications knew from it who was there. `by` an
   * operator, a machine's key is blocked for its client until that is lifted.
   */
  readonly end: (end: SessionEndOptions) => Promise<SessionEndResult>;
  /** Ends every session of a client, of one subject (claim `sub`), or of this issuer that started until now. */
  readonly endAll: (of: EndOfMany) => Promise<CutResult>;
}

/** How long sessions live, in µs. */
export interface Lifetimes {
  readonly personIdle: number;
  readonly personAbsolute: number;
  readonly machineIdle: number;
  readonly machineAbsolute: number;
}

/** Opens the sessions over a store. */
export function openSessions(options: {
  audiences: readonly Audience[];
  lifetimes: Lifetimes;
  storage: Storage;
  clients: Clients;
  mint: Mint;
}): Sessions {
  const { storage, clients } = options;
  const start: Sessions['start'] = async (input) => {
    const parsed = sessionOptions.safeParse(input);
    if (!parsed.success) throw new TypeError(z.prettifyError(parsed.error));
    const asked = parsed.data;
    const client = await clients.find(asked.clientId);
    if (client === undefined) throw new AuthError('client_unknown');
    const { audience, scope } = chooseTarget(client.row, {
      audiences: options.audiences,
      resource: asked.audience,
      scope: asked.scope,
    });
    const started = await storage.startSession({
      ...decision(asked, options.lifetimes),
      audience: audience.audience,
      scope,
      signWith: signWith(audience.alg),
    });
    if (started.kind === 'started') {
      return options.mint(started, audience.tokenLife);
    }
    throw new AuthError(started.kind === 'refused' ? refusalOf[started.reason] : started.kind);
  };
  return {
    start,
    list: (filter = {}) => list(storage, filter),
    find: async (sid) => (await storage.findSession(sid)) ?? undefined,
    end: (asked) => end(storage, asked),
    endAll: async ({ by = 'application', ...of }) =>
      'everything' in of ? storage.cutEverything({ by }) : storage.endSessionsOf({ ...of, by }),
  };
}

async function end(
  storage: Storage,
  { sid, by = 'application', clientId }: SessionEndOptions,
): Promise<SessionEndResult> {
  // What kind a session is of never changes, so it may be read before it is ended.
  const session = await storage.findSession(sid);
  if (session === null || (clientId !== undefined && session.clientId !== clientId))
    return { kind: 'unknown' };
  const ended =
    session.kind === 'browser'
      ? await storage.endSignIn({ sid, by, ends: 'everything' })
      : await storage.endSession({ sid, by, ...reasonOf(by) });
  return ended.kind === 'ended' ? { kind: 'ended', position: ended.position } : { kind: 'already_ended' };
}

function reasonOf(by: NonNullable<SessionEndOptions['by']>): Pick<SessionEnd, 'reason' | 'holderKey'> {
  const reason = typeof by === 'string' ? by : by.as;
  return { reason, holderKey: reason === 'operator' ? 'block' : 'keep' };
}

const refusalOf: Readonly<
  Record<StartRefusal, 'client_unknown' | 'client_unauthorized' | 'refresh_refused'>
> = {
  client_unknown: 'client_unknown',
  client_removed: 'client_unknown',
  key_required: 'client_unauthorized',
  subject_disabled: 'refresh_refused',
};

function decision(
  asked: z.output<typeof sessionOptions>,
  lifetimes: Lifetimes,
): Omit<SessionStart, 'audience' | 'scope' | 'signWith'> {
  return {
    sid: newId(),
    clientId: asked.clientId,
    // The name is the application's: it lives in the namespace of its client and equals no other subject.
    namespace: asked.clientId,
    externalId: asked.subject,
    newSubject: { id: newId(), handle: newId() },
    jkt: asked.jkt ?? null,
    amr: asked.amr.map((method) => `app:${method}`),
    ...(asked.authTime === undefined ? {} : { authenticatedAt: asked.authTime * 1_000_000 }),
    device: asked.device ?? null,
    idleLife: lifetimes.personIdle,
    absoluteLife: lifetimes.personAbsolute,
  };
}

async function list(storage: Storage, filter: SessionListOptions): Promise<readonly ListedSession[]> {
  const { clientId, subject: externalId, limit = 100, ...rest } = filter;
  const chosen = { ...rest, limit, ...(clientId === undefined ? {} : { clientId }) };
  if (externalId === undefined) return storage.listSessions(chosen);
  if (clientId === undefined) throw new TypeError('a subject is named within its client: give clientId too');
  const subject = await storage.findSubject({ namespace: clientId, externalId });
  return subject === null ? [] : storage.listSessions({ ...chosen, subject: subject.id });
}
