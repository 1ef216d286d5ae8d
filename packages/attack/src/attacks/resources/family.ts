import type { Attack } from '../../attack-row.ts';
import { exhaustion, faults } from './exhaustion.ts';

/** Small requests that cost much. */
export const resourcesAttacks: readonly Attack[] = [...exhaustion, ...faults];
