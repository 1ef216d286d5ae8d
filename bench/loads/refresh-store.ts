import { loadBench, type Load } from '../harness/load.ts';
import type { OfficeIntroduction } from '../offices.ts';
import type { StoreLoadMaterial } from '../refresh-store.ts';
import { holdSessions, type HeldSessions } from './held-sessions.ts';
import { importAll } from './offices.ts';

loadBench(async (material: StoreLoadMaterial, servers: Readonly<Record<string, OfficeIntroduction>>) => {
  const keys = await importAll(material.holders);
  // Whoever is asked for a store's sessions, they are the same ones.
  const held = new Map<string, HeldSessions>();
  for (const [name, office] of Object.entries(servers))
    if (office.refreshTokens.length > 0) held.set(name, holdSessions(office, keys));
  return Object.fromEntries(
    material.entries.map(({ name, servers: asked }): [string, Load] => {
      const sessions = held.get(asked[0] ?? '');
      if (sessions === undefined) throw new TypeError(`no sessions for ${name}`);
      const ports = asked.map((server) => servers[server]?.port ?? 0);
      return [name, { make: sessions.make, pour: (milliseconds) => sessions.pour(ports, milliseconds) }];
    }),
  );
});
