import type { Attack } from '../../attack-row.ts';

/** Small requests that cost much. */
export const resourcesAttacks: readonly Attack[] = [];
