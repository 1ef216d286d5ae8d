import type { Attack } from '../../attack-row.ts';

/** Signature arithmetic. */
export const signatureAttacks: readonly Attack[] = [];
