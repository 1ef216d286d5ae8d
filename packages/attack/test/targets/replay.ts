import { sessionTarget } from './sessions.ts';
import type { Target } from './target.ts';

const runs = ['replay/', 'refresh/'];

/** Servers whose ended sessions go on. */
export const replayTargets: readonly Target[] = [
  sessionTarget(
    {
      name: 'end-is-empty',
      flaw: 'signing out deletes the cookie in the browser, and the server forgets nothing',
      finds: [
        'replay/token-after-end',
        'replay/refresh-token-after-end',
        'replay/older-token-after-end',
        'replay/newer-token-after-end',
        'replay/account-after-end',
        'replay/latency-of-ends',
      ],
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
      finds: ['replay/refresh-token-after-end', 'replay/refresh-racing-end', 'refresh/newest-after-reuse'],
      runs,
    },
    { refreshOutlives: true },
  ),
  sessionTarget(
    {
      name: 'end-undone-by-refresh',
      flaw: 'a refresh reads the session, waits, and writes it back whole',
      finds: ['replay/refresh-racing-end', 'refresh/at-once'],
      runs,
    },
    { refreshesPastEnd: true },
  ),
  sessionTarget(
    {
      name: 'end-for-anybody',
      flaw: 'the link to sign out names the session, and asks for nothing else',
      finds: ['replay/end-without-credential'],
      runs,
    },
    { endsForAnybody: true },
  ),
  sessionTarget(
    {
      name: 'page-outlives-end',
      flaw: 'the API asks whether the session lives, the pages look at the token alone',
      finds: ['replay/account-after-end'],
      runs,
    },
    { pageOutlives: true },
  ),
];
