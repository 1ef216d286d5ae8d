import { sessionTarget } from './sessions.ts';
import type { Target } from './target.ts';

const runs = ['replay/', 'refresh/'];

/** Servers whose refresh tokens can be used again. */
export const refreshTargets: readonly Target[] = [
  sessionTarget(
    {
      name: 'refresh-without-rotation',
      flaw: 'a refresh gives a new token and leaves the old one in the table',
      finds: ['refresh/old-after-two', 'refresh/at-once'],
      runs,
    },
    { keepsOld: true },
  ),
  sessionTarget(
    {
      name: 'refresh-race',
      flaw: 'the token is looked up, awaited, and then deleted: others look it up in between',
      finds: ['refresh/at-once'],
      runs,
    },
    { looksThenNotes: true },
  ),
  sessionTarget(
    {
      name: 'refresh-by-session-token',
      flaw: 'the refresh endpoint takes whatever is signed by us',
      finds: ['refresh/session-token-as-refresh-token'],
      runs,
    },
    { takesSessionToken: true },
  ),
];
