import type { Attack } from '../../attack-row.ts';

/** Things used again: tokens and proofs after they ended. */
export const replayAttacks: readonly Attack[] = [];
