import type { BrowserCookies } from '../http/cookies.ts';
import type { Issue } from '../storage/port/decisions.ts';
import type { Mint } from '../sessions/tokens.ts';

/** How long the token of a session lives that is bound to its device, in seconds: a browser renews it by a signature. */
export const boundTokenLife = 900;
/** How long the token of any other browser session lives, in seconds. */
const tokenLife = 300;

/** Signs what was decided about a browser session, and puts it into cookies. */
export type CookieMint = (issue: Issue) => Promise<readonly string[]>;

/**
 * Makes the function that turns a decision into cookies.
 *
 * What renews a session comes in a cookie while it is not bound to its device, and is taken away once it is.
 */
export function createCookieMint({ mint, cookies }: { mint: Mint; cookies: BrowserCookies }): CookieMint {
  return async (issue) => {
    const { deviceKey, absoluteExpiresAt } = issue.session;
    const tokens = await mint(issue, deviceKey === null ? tokenLife : boundTokenLife);
    const left = (absoluteExpiresAt - issue.now) / 1_000_000;
    return [
      cookies.token(tokens.access_token, tokens.expires_in),
      tokens.refresh_token === undefined
        ? cookies.clearRefresh()
        : cookies.refresh(tokens.refresh_token, left),
    ];
  };
}
