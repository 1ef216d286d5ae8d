import { makeFolder } from './folder.ts';
import type { Findings, Pace, Pair } from './harness/bench.ts';
import { runHttpContest, type ServerPlan } from './harness/http-contest.ts';
import { makeParties, offices, type OfficeMaterial } from './offices.ts';

/** Runs a contest between all the offices, each in a process of its own, under the load that a module makes. */
export async function runOfficeContest(
  contest: { load: URL; pairs: readonly Pair[] },
  pace: Pace,
): Promise<Findings> {
  await using folder = await makeFolder();
  const { material, load } = await makeParties(folder.path);
  const names = Object.values(offices);
  return await runHttpContest(
    {
      ...contest,
      servers: officePlans(material),
      material: load,
      entries: names.map((name) => ({ name, servers: [name] })),
      measure: 'elapsed',
    },
    pace,
  );
}

function officePlans(material: OfficeMaterial): readonly ServerPlan[] {
  const bare = new URL('./servers/bare.ts', import.meta.url);
  const plan = (name: string, module: URL, more: object = {}): ServerPlan => ({
    name,
    module,
    material: { ...material, ...more },
  });
  return [
    plan(offices.ours, new URL('./servers/symbolon.ts', import.meta.url)),
    plan(offices.bareSodium, bare, { backend: 'sodium-native' }),
    plan(offices.bareNode, bare, { backend: 'node:crypto' }),
    plan(offices.oidcProvider, new URL('./servers/oidc-provider.ts', import.meta.url)),
    plan(offices.betterAuth, new URL('./servers/better-auth.ts', import.meta.url)),
  ];
}
