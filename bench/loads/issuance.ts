import { loadBench } from '../harness/load.ts';
import { offices, type OfficeIntroduction, type OfficeLoadMaterial } from '../offices.ts';
import { cookieLoad, importAll, machineLoad } from './offices.ts';

loadBench(async (material: OfficeLoadMaterial, servers: Readonly<Record<string, OfficeIntroduction>>) => {
  const keys = await importAll(material.machines);
  return Object.fromEntries(
    Object.entries(servers).map(([name, office]) => [
      name,
      name === offices.betterAuth ? cookieLoad(office, '/token') : machineLoad(office, keys),
    ]),
  );
});
