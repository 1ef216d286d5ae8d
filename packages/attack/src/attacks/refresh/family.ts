import type { Attack } from '../../attack-row.ts';
import { refreshRequests } from './requests.ts';
import { refreshTokens } from './refresh-tokens.ts';

/** Refresh tokens, their races and their ends. */
export const refreshAttacks: readonly Attack[] = [...refreshTokens, ...refreshRequests];
