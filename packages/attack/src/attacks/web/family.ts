import type { Attack } from '../../attack-row.ts';
import { accountPages } from './account.ts';
import { cookieRules, crossOrigin, forgedRequests } from './browsers.ts';
import { caching } from './caching.ts';
import { compression } from './compression.ts';
import { cookieAttributes, cookieSpellings } from './cookies.ts';
import { redirects } from './redirects.ts';

/** Cookies, browsers and headers. */
export const webAttacks: readonly Attack[] = [
  ...crossOrigin,
  ...forgedRequests,
  ...cookieRules,
  ...cookieSpellings,
  ...cookieAttributes,
  ...caching,
  ...redirects,
  ...accountPages,
  ...compression,
];
