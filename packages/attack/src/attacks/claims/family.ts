import type { Attack } from '../../attack-row.ts';

/** Times and values that no issuer should be believed. */
export const claimsAttacks: readonly Attack[] = [];
