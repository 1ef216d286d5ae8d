import type { Attack } from '../../attack-row.ts';
import { exposed } from './exposed.ts';
import { leaks } from './leaks.ts';
import { otherPlaces } from './other-places.ts';
import { staticSecrets, tokensInUrls } from './static-secrets.ts';

/** Static secrets, and secrets that leak. */
export const secretsAttacks: readonly Attack[] = [
  ...staticSecrets,
  ...tokensInUrls,
  ...otherPlaces,
  ...leaks,
  ...exposed,
];
