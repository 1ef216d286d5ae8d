import type { Bench, Pair } from './harness/bench.ts';
import { runOfficeContest } from './office-contest.ts';
import { offices } from './offices.ts';

/** Tokens for machines. */
export const issuance: Bench = {
  name: 'issuance',
  title: 'A token for a machine',
  measures:
    'tokens a second from one server process, by 32 connections of a second process. Ours and oidc-provider: ' +
    'client_credentials with private_key_jwt and DPoP, of 64 clients, made beforehand; the bare server believes ' +
    'the same requests and signs the same token; better-auth: a JWT for a session cookie (GET /token)',
  run: (settings) =>
    runOfficeContest({ load: new URL('./loads/issuance.ts', import.meta.url), pairs }, settings.http),
};

const pairs: readonly Pair[] = [
  { row: offices.ours, against: offices.bareSodium },
  { row: offices.ours, against: offices.bareNode },
  { row: offices.ours, against: offices.oidcProvider },
  { row: offices.ours, against: offices.betterAuth },
];
