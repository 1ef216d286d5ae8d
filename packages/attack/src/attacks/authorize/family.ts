import type { Attack } from '../../attack-row.ts';
import { codes } from './codes.ts';
import { consentForms } from './consent.ts';
import { authorizationPages } from './pages.ts';
import { pushedRequests } from './pushed.ts';
import { redirectUris } from './redirect-uris.ts';
import { registrations } from './registration.ts';
import { authorizationClaims, authorizationRequests } from './requests.ts';

/** The authorization endpoint: where people allow applications what they may do. */
export const authorizeAttacks: readonly Attack[] = [
  ...authorizationRequests,
  ...authorizationClaims,
  ...redirectUris,
  ...pushedRequests,
  ...codes,
  ...consentForms,
  ...authorizationPages,
  ...registrations,
];
