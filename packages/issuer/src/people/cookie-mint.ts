import type { BrowserCookies } from '../http/cookies.ts';
import type { DeviceMarks } from './device-marks.ts';
import type { Issue } from '../storage/port/decisions.ts';
import type { Mint } from '../sessions/tokens.ts';

/** How long the token of a session lives that is bound to its device, in seconds: a browser renews it by a signature. */
export const boundTokenLife = 900;
/** How long the token of any other browser session lives, in seconds. */
const tokenLife = 300;

/** Signs what was decided about a browser session, and puts it into cookies: all of them, or the token's alone. */
export type CookieMint = (issue: Issue, which?: 'token') => Promise<readonly string[]>;

/**
 * Makes the function that turns a decision into cookies.
 *
 * What renews a session comes in a cookie while it is not bound to its device, and is taken away once it is. Then
 * another comes, which only names the session, and outlives the token.
 */
export function createCookieMint({
  mint,
  cookies,
  marks,
}: {
  mint: Mint;
  cookies: BrowserCookies;
  marks: DeviceMarks;
}): CookieMint {
  return async (issue, which) => {
    const { sid, deviceKey, absoluteExpiresAt } = issue.session;
    const tokens = await mint(issue, deviceKey === null ? tokenLife : boundTokenLife);
    const left = (absoluteExpiresAt - issue.now) / 1_000_000;
    const token = cookies.token(tokens.access_token, tokens.expires_in);
    if (which === 'token') return [token];
    const renewing =
      tokens.refresh_token === undefined
        ? cookies.clearRefresh()
        : cookies.refresh(tokens.refresh_token, left);
    return [token, renewing, ...(deviceKey === null ? [] : [cookies.mark(marks.make(sid), left)])];
  };
}
