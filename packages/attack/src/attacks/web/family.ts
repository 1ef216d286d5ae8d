import type { Attack } from '../../attack-row.ts';
import { cookieRules, crossOrigin, forgedRequests } from './browsers.ts';

/** Cookies, browsers and headers. */
export const webAttacks: readonly Attack[] = [...crossOrigin, ...forgedRequests, ...cookieRules];
