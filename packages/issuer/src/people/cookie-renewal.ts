import { readCookie } from '@symbolon/guard';
import { asNobody } from './as-nobody.ts';
import type { CookieMint } from './cookie-mint.ts';
import type { RefreshTokens } from '../sessions/refresh-tokens.ts';
import { signWith } from '../sessions/tokens.ts';
import type { BrowserSession } from '../storage/port/browser-storage.ts';
import type { Issue } from '../storage/port/decisions.ts';
import type { Storage } from '../storage/port/storage.ts';

/** The second cookie of a browser that binds no session: what renews the token in the first. */
export interface CookieRenewal {
  /** What the second cookie of a request leads to, and the cookies to set; undefined where it stands for nobody. */
  readonly renew: (request: Request) => Promise<{ issue: Issue; cookies: readonly string[] } | undefined>;
  /** Looks, where that is not known yet, whether the request brings the cookie that the last renewal led to. */
  readonly noteArrival: (request: Request, found: BrowserSession) => Promise<void>;
}

/**
 * Makes it over a store.
 *
 * A page of another site can lead a browser here and take that back before the answer comes, so nothing is rotated for
 * one: what renews the session would be lost. What comes without `Sec-Fetch-Site` is of a browser that does not say.
 */
export function createCookieRenewal(options: {
  storage: Storage;
  refreshTokens: RefreshTokens;
  /** How the second cookie is called. */
  refreshName: string;
  cookieMint: CookieMint;
}): CookieRenewal {
  const { storage, refreshName, cookieMint } = options;
  const keys = signWith('EdDSA');

  const read = async ({ headers }: Request): Promise<{ sid: string; gen: number } | undefined> => {
    const text = readCookie(headers, refreshName);
    return text === undefined ? undefined : options.refreshTokens.verify(text).catch(asNobody);
  };

  return {
    renew: async (request) => {
      const cookie = await read(request);
      if (cookie === undefined) return undefined;
      const asked = { sid: cookie.sid, gen: cookie.gen, signWith: keys };
      if (isLedHere(request)) {
        const issue = await storage.readByCookie(asked);
        if (issue.kind === 'read') return { issue, cookies: await cookieMint(issue, 'token') };
      }
      const issue = await storage.renewByCookie(asked);
      if (issue.kind === 'refused' || issue.kind === 'reuse') return undefined;
      return { issue, cookies: await cookieMint(issue) };
    },
    noteArrival: async (request, { session: { sid, generation }, awaited }) => {
      if (!awaited) return;
      const cookie = await read(request);
      if (cookie?.sid === sid && cookie.gen === generation)
        await storage.noteArrival({ sid, gen: generation });
    },
  };
}

/** Whether a page of another origin made this request, or led to it. */
function isLedHere({ headers }: Request): boolean {
  return ['cross-site', 'same-site'].includes(headers.get('sec-fetch-site') ?? '');
}
