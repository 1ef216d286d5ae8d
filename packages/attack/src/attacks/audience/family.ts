import type { Attack } from '../../attack-row.ts';
import { gateway } from './gateway.ts';
import { kindConfusion } from './kinds.ts';
import { matrix } from './matrix.ts';
import { audiences, issuers } from './values.ts';

/** Tokens for another audience, by another issuer, or of another kind; and requests that are let in without any. */
export const audienceAttacks: readonly Attack[] = [
  ...audiences,
  ...issuers,
  ...kindConfusion,
  ...matrix,
  ...gateway,
];
