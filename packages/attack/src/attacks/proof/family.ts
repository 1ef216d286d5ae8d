import type { Attack } from '../../attack-row.ts';

/** Proofs of possession that prove something else. */
export const proofAttacks: readonly Attack[] = [];
