import type { Attack } from '../../attack-row.ts';
import { exhaustion, faults } from './exhaustion.ts';
import { unfinishedRequests } from './unfinished.ts';
import { framing, heavyHeaders } from './requests.ts';

/** Small requests that cost much, and requests that are cut in two ways. */
export const resourcesAttacks: readonly Attack[] = [
  ...exhaustion,
  ...faults,
  ...heavyHeaders,
  ...framing,
  ...unfinishedRequests,
];
