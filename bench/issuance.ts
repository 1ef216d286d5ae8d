import { makeFolder } from './folder.ts';
import type { Bench, Pair } from './harness/bench.ts';
import { runHttpContest } from './harness/http-contest.ts';
import { makeParties, officeEntries, officePlans, offices } from './offices.ts';

/** Tokens for machines. */
export const issuance: Bench = {
  name: 'issuance',
  title: 'A token for a machine',
  measures:
    'tokens a second from one server process, by 32 connections of a second process. Ours and oidc-provider: ' +
    'client_credentials with private_key_jwt and DPoP, of 64 clients, made beforehand; the bare server believes ' +
    'the same requests and signs the same token; better-auth: a JWT for a session cookie (GET /token)',
  run: async (settings) => {
    await using folder = await makeFolder();
    const { material, load } = await makeParties(folder.path);
    return await runHttpContest(
      {
        servers: officePlans(material),
        load: new URL('./loads/issuance.ts', import.meta.url),
        material: load,
        entries: officeEntries,
        pairs,
        measure: 'elapsed',
      },
      settings.http,
    );
  },
};

const pairs: readonly Pair[] = [
  { row: offices.ours, against: offices.bareSodium },
  { row: offices.ours, against: offices.bareNode },
  { row: offices.ours, against: offices.oidcProvider },
  { row: offices.ours, against: offices.betterAuth },
];
