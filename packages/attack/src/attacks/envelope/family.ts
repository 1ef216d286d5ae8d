import type { Attack } from '../../attack-row.ts';

/** Other forms and wrappings of a token. */
export const envelopeAttacks: readonly Attack[] = [];
