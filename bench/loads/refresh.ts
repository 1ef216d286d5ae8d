import { loadBench } from '../harness/load.ts';
import { offices, type OfficeIntroduction, type OfficeLoadMaterial } from '../offices.ts';
import { refreshLoad } from './held-sessions.ts';
import { cookieLoad, importAll } from './offices.ts';

loadBench(async (material: OfficeLoadMaterial, servers: Readonly<Record<string, OfficeIntroduction>>) => {
  const keys = await importAll(material.holders);
  return Object.fromEntries(
    Object.entries(servers).map(([name, office]) => [
      name,
      name === offices.betterAuth ? cookieLoad(office, '/get-session') : refreshLoad(office, keys),
    ]),
  );
});
