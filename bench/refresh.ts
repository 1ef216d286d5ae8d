import type { Bench, Pair } from './harness/bench.ts';
import { runOfficeContest } from './office-contest.ts';
import { offices } from './offices.ts';

/** Sessions of people, renewed. */
export const refresh: Bench = {
  name: 'refresh',
  title: 'A session refreshed',
  measures:
    'refreshes a second by one server process, by 32 connections of a second process, over 64 sessions. Ours and ' +
    'oidc-provider: a public client, DPoP, rotation, a signed session token; the bare server believes the same ' +
    'requests and signs the same two tokens; better-auth: the session in the database renewed and a JWT signed ' +
    '(GET /get-session)',
  run: (settings) =>
    runOfficeContest({ load: new URL('./loads/refresh.ts', import.meta.url), pairs }, settings.http),
};

const pairs: readonly Pair[] = [
  { row: offices.ours, against: offices.bareSodium, aim: 0.5 },
  { row: offices.ours, against: offices.bareNode, aim: 0.5 },
  { row: offices.ours, against: offices.oidcProvider, aim: 3 },
  { row: offices.ours, against: offices.betterAuth },
];
