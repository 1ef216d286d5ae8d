import { randomBytes } from 'node:crypto';
import type { Answer, Seen } from './target.ts';

/** What a consent page checks of its form when it comes back. */
export type ConsentCheck =
  'consent-origin' | 'consent-person' | 'consent-signed-in' | 'consent-once' | 'consent-method';

/** How a consent page keeps what it asked for. */
export interface ConsentManner {
  readonly isHeld: (check: ConsentCheck) => boolean;
  /** By whom it is asked, in place of a name in the form. */
  readonly keptWithPerson?: true;
  /** The form says where to go. */
  readonly redirectInForm?: true;
  readonly origin: string;
}

/** Consents that are asked for and not answered yet. */
export interface Consents {
  /** The inside of the page. */
  readonly ask: (members: ReadonlyMap<string, string>, cookie: string) => string;
  /** What was asked for, if the answer counts. */
  readonly answered: (request: Seen) => ReadonlyMap<string, string> | undefined;
}

interface Asked {
  readonly members: ReadonlyMap<string, string>;
  readonly cookie: string;
  isAnswered: boolean;
}

/** Keeps what was asked for, and judges forms. */
export function openConsents({ isHeld, keptWithPerson, redirectInForm, origin }: ConsentManner): Consents {
  const open = new Map<string, Asked>();
  return {
    ask: (members, cookie) => {
      const name = keptWithPerson === true ? cookie : randomBytes(16).toString('base64url');
      open.set(name, { members, cookie, isAnswered: false });
      const fields = [
        ...(keptWithPerson === true ? [] : [['request', name]]),
        ...(redirectInForm === true ? [['to', members.get('redirect_uri') ?? '']] : []),
      ];
      const hidden = fields.map(
        ([field = '', value = '']) => `<input type=hidden name=${field} value="${value}">`,
      );
      return `<form method=post action="/consent">${hidden.join('')}<button name=decision value=refuse>No</button>
        <button name="decision" value='allow'>Allow</button></form>`;
    },
    answered: ({ method, url, headers, body }) => {
      if (method !== 'POST' && isHeld('consent-method')) return undefined;
      const isOwn = headers.origin === origin && headers['sec-fetch-site'] === 'same-origin';
      if (method === 'POST' && isHeld('consent-origin') && !isOwn) return undefined;
      const { cookie = '' } = headers;
      if (cookie === '' && isHeld('consent-signed-in')) return undefined;
      const form = new URLSearchParams(method === 'POST' ? body : url.replace(/^[^?]*\??/s, ''));
      const asked = open.get(keptWithPerson === true ? cookie : (form.get('request') ?? ''));
      if (asked === undefined || (asked.isAnswered && isHeld('consent-once'))) return undefined;
      if (cookie !== asked.cookie && cookie !== '' && isHeld('consent-person')) return undefined;
      asked.isAnswered = true;
      if (form.get('decision') !== 'allow') return undefined;
      const to = redirectInForm === true ? form.get('to') : null;
      return to === null ? asked.members : new Map([...asked.members, ['redirect_uri', to]]);
    },
  };
}

/** The answer to a form that does not count. */
export const notCounted: Answer = {
  status: 403,
  headers: { 'content-type': 'text/html' },
  body: 'Not allowed',
};
