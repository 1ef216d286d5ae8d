import type { Attack } from '../../attack-row.ts';
import { endedSessions } from './ended-sessions.ts';

/** Things used again: tokens after their session ended. */
export const replayAttacks: readonly Attack[] = [...endedSessions];
