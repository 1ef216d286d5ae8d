import { sessionTarget } from './sessions.ts';
import type { Target } from './target.ts';

const runs = ['replay/', 'refresh/'];

/** Servers whose ended sessions go on. */
export const replayTargets: readonly Target[] = [
  sessionTarget(
    {
      name: 'end-is-empty',
      flaw: 'signing out deletes the cookie in the browser, and the server forgets nothing',
      finds: ['replay/token-after-end', 'replay/refresh-token-after-end', 'replay/latency-of-ends'],
      runs,
    },
    { endIsEmpty: true },
  ),
  sessionTarget(
    {
      name: 'end-ends-all',
      flaw: 'the end is noted by user, not by session',
      finds: ['replay/other-session-after-end'],
      runs: ['replay/other-session-after-end'],
    },
    { endsAll: true },
  ),
  sessionTarget(
    {
      name: 'refresh-outlives-end',
      flaw: 'the end is noted where tokens are checked, and not where they are renewed',
      finds: ['replay/refresh-token-after-end'],
      runs,
    },
    { refreshOutlives: true },
  ),
];
