import { sessionTarget } from './sessions.ts';
import type { Target } from './target.ts';

const runs = ['replay/', 'refresh/'];

/** Servers whose refresh tokens can be used again. */
export const refreshTargets: readonly Target[] = [
  sessionTarget(
    {
      name: 'refresh-without-rotation',
      flaw: 'a refresh gives a new token and leaves the old one in the table',
      finds: ['refresh/old-after-two', 'refresh/at-once', 'refresh/newest-after-reuse'],
      runs,
    },
    { keepsOld: true },
  ),
  sessionTarget(
    {
      name: 'refresh-forgives-reuse',
      flaw: 'an old refresh token is refused, and the session goes on as if nothing were the matter',
      finds: ['refresh/newest-after-reuse'],
      runs,
    },
    { forgivesReuse: true },
  ),
  sessionTarget(
    {
      name: 'refresh-kept-by-caches',
      flaw: 'the answer with the new tokens says nothing to caches',
      finds: ['refresh/kept-by-caches'],
      runs,
    },
    { isKept: true },
  ),
  sessionTarget(
    {
      name: 'refresh-grants-all',
      flaw: 'the scope of a refresh is taken from the request',
      finds: ['refresh/wider-scope'],
      runs,
    },
    { grantsAll: true },
  ),
  sessionTarget(
    {
      name: 'refresh-race',
      flaw: 'the token is looked up, awaited, and then deleted: others look it up in between',
      finds: ['refresh/at-once'],
      // A refresh that stays alone waits here.
      runs: ['refresh/at-once', 'refresh/changed', 'refresh/in-query'],
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
