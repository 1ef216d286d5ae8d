import { randomBytes } from 'node:crypto';
import type { Credential } from '../../src/credentials/credential.ts';
import type { AttackOptions } from '../../src/options.ts';
import type { House } from './house.ts';
import { createLooks, type Looks } from './looks.ts';
import { bearerOf, opened } from './strict.ts';
import { openStrong } from './strong.ts';
import { refusal, type Answer, type Opened, type Seen, type Target } from './target.ts';

/** What a server that keeps sessions gets wrong. */
export interface Mistakes {
  /** The end is answered, and changes nothing. */
  readonly endIsEmpty?: true;
  /** The end ends every session of the user. */
  readonly endsAll?: true;
  /** Access ends at once; the refresh token lives on. */
  readonly refreshOutlives?: true;
  /** Refresh tokens stay good after their use. */
  readonly keepsOld?: true;
  /** Between the look and the note that a refresh token is used lies a wait. */
  readonly looksThenNotes?: true;
  /** An old refresh token is refused, and nothing follows from it. */
  readonly forgivesReuse?: true;
  /** Nobody told caches to keep nothing of it. */
  readonly isKept?: true;
  /** What is asked for is granted. */
  readonly grantsAll?: true;
  /** A session is ended for whoever names it. */
  readonly endsForAnybody?: true;
  /** The session is read, awaited, and written back whole: what ended it in between is undone. */
  readonly refreshesPastEnd?: true;
  /** The account page looks at the token alone. */
  readonly pageOutlives?: true;
  /** The signed token that says who the session is of is taken at the refresh endpoint too. */
  readonly takesSessionToken?: true;
}

/** A server with sessions, whose end and whose refresh tokens can be attacked. */
export function sessionTarget(target: Omit<Target, 'carrier' | 'start'>, mistakes: Mistakes): Target {
  return { ...target, carrier: 'bearer', start: (house) => openSessions(house, mistakes) };
}

interface Grant {
  readonly sid: string;
  readonly subject: string;
}

async function openSessions(house: House, mistakes: Mistakes): Promise<Opened> {
  const { handle, ...rest } = await openStrong(house);
  const ended = new Set<string>();
  const grants = new Map<string, Grant>();
  const books = { ended, grants, used: new Map<string, Grant>(), mistakes, house, looks: createLooks() };
  return {
    ...rest,
    handle: async (request) => {
      if (request.url.startsWith('/refresh')) return refresh(request, books);
      const named = /^\/end\?sid=([\w-]+)$/.exec(request.url)?.[1];
      if (named !== undefined && mistakes.endsForAnybody === true) {
        ended.add(named);
        return { status: 204 };
      }
      const answer = await handle(request);
      const claims = opened(bearerOf(request) ?? '', 1);
      if (answer.status !== 200 || claims === undefined) return answer;
      const grant = { sid: String(claims['sid']), subject: String(claims['sub']) };
      if (request.url.startsWith('/end')) {
        if (mistakes.refreshesPastEnd === true) await new Promise((resolve) => setTimeout(resolve, 50));
        return end(grant, books);
      }
      const isPast = request.url === '/account' && mistakes.pageOutlives === true;
      return isEnded(grant, books) && !isPast ? refusal : answer;
    },
    options: optionsOf(house, { grants, mistakes }),
  };
}

interface Books {
  readonly ended: Set<string>;
  readonly grants: Map<string, Grant>;
  readonly used: Map<string, Grant>;
  readonly house: House;
  readonly mistakes: Mistakes;
  readonly looks: Looks;
}

function end({ sid, subject }: Grant, { ended, mistakes }: Books): Answer {
  if (mistakes.endIsEmpty !== true) ended.add(mistakes.endsAll === true ? subject : sid);
  return { status: 204 };
}

function isEnded({ sid, subject }: Grant, { ended }: Books): boolean {
  return ended.has(sid) || ended.has(subject);
}

async function refresh({ method, url, body }: Seen, books: Books): Promise<Answer> {
  const { grants, used, mistakes, house } = books;
  if (method !== 'POST') return { status: 405 };
  const form = new URLSearchParams(body);
  const token = form.get('refresh_token') ?? '';
  if (url !== '/refresh') return invalid;
  const stale = used.get(token);
  if (stale !== undefined && mistakes.forgivesReuse !== true) books.ended.add(stale.sid);
  const isSessionToken = mistakes.takesSessionToken === true && opened(token, 1)?.['sid'] !== undefined;
  const grant = isSessionToken ? { sid: 'any', subject: 'any' } : grants.get(token);
  if (grant === undefined || (isEnded(grant, books) && mistakes.refreshOutlives !== true)) return invalid;
  if (mistakes.looksThenNotes === true) await books.looks.another(token);
  if (mistakes.refreshesPastEnd === true) await new Promise((resolve) => setTimeout(resolve, 200));
  if (mistakes.keepsOld !== true) grants.delete(token);
  if (mistakes.keepsOld !== true) used.set(token, grant);
  const next = randomBytes(24).toString('base64url');
  grants.set(next, grant);
  if (mistakes.refreshesPastEnd === true) books.ended.delete(grant.sid);
  const { sid, subject } = grant;
  const { token: renewed } = await house.minted({ sub: subject, sh: subject.padEnd(22, '0'), sid }).get();
  const scope = mistakes.grantsAll === true ? form.get('scope') : null;
  const answer = {
    access_token: renewed,
    refresh_token: next,
    scope: scope ?? 'read',
  };
  const headers = mistakes.isKept === true ? {} : { 'cache-control': 'no-store' };
  return { status: 200, headers, body: JSON.stringify(answer) };
}

const invalid: Answer = { status: 400, body: '{"error":"invalid_grant"}' };

function optionsOf(
  house: House,
  { grants, mistakes }: Pick<Books, 'grants' | 'mistakes'>,
): Partial<AttackOptions> {
  const get = async (subject: string): Promise<Credential> => {
    const credential = await house.minted({ sub: subject, sh: subject.padEnd(22, '0') }).get();
    const refreshToken = randomBytes(24).toString('base64url');
    grants.set(refreshToken, { sid: String(opened(credential.token, 1)?.['sid']), subject });
    return { ...credential, refreshToken };
  };
  return {
    honest: { isFresh: true, get: () => get('alice') },
    second: { isFresh: true, get: () => get('bob') },
    refreshRequest: (_credential, refreshToken) =>
      Promise.resolve({
        url: `${house.audience}/refresh`,
        method: 'POST',
        headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        body: `refresh_token=${encodeURIComponent(refreshToken)}`,
      }),
    account: `${house.audience}/account`,
    endRequest: ({ token }) =>
      Promise.resolve({
        url: `${house.audience}/end${mistakes.endsForAnybody === true ? `?sid=${String(opened(token, 1)?.['sid'])}` : ''}`,
        method: 'POST',
        headers: [['Authorization', `Bearer ${token}`]],
      }),
  };
}
