import type { Attack } from '../../attack-row.ts';
import { leaks } from './leaks.ts';
import { staticSecrets, tokensInUrls } from './static-secrets.ts';

/** Static secrets, and secrets that leak. */
export const secretsAttacks: readonly Attack[] = [...staticSecrets, ...tokensInUrls, ...leaks];
