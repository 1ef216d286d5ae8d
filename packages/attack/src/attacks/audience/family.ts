import type { Attack } from '../../attack-row.ts';

/** Tokens for others: audience, issuer, kind. */
export const audienceAttacks: readonly Attack[] = [];
