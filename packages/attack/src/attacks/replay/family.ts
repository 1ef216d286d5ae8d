import type { Attack } from '../../attack-row.ts';
import { endLatency } from './end-latency.ts';
import { endedSessions } from './ended-sessions.ts';
import { ends } from './ends.ts';

/** Things used again: tokens after their session ended. */
export const replayAttacks: readonly Attack[] = [...endedSessions, ...ends, ...endLatency];
