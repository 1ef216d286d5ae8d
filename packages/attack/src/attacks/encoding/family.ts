import type { Attack } from '../../attack-row.ts';

/** Spellings of a token that are not its own. */
export const encodingAttacks: readonly Attack[] = [];
