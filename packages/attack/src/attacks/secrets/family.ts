import type { Attack } from '../../attack-row.ts';

/** Static secrets, and secrets that leak. */
export const secretsAttacks: readonly Attack[] = [];
