import type { Attack } from '../../attack-row.ts';

/** Keys and algorithms chosen by the attacker. */
export const keysAttacks: readonly Attack[] = [];
