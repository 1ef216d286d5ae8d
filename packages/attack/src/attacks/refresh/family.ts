import type { Attack } from '../../attack-row.ts';

/** Refresh tokens, their races and their ends. */
export const refreshAttacks: readonly Attack[] = [];
