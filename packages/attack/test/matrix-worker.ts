import { parentPort } from 'node:worker_threads';
import { attack } from '../src/attack.ts';
import { battery } from '../src/battery.ts';
import { createOwnKeys } from '../src/keys/own-keys.ts';
import type { Report } from '../src/report/report.ts';
import type { Asked, Seen } from './matrix-workers.ts';
import { weak } from './targets/all.ts';
import { standUp } from './targets/stand-up.ts';
import { strongServers } from './targets/strong-servers.ts';
import type { Target } from './targets/target.ts';

/** Of the attacks that are not about a target's flaw, every so manieth is tried on it. */
const sampleStep = 83;
/** So that servers which are slow on purpose need not be very slow. */
const patience = { slow: 600, end: 300, again: [50] };

const targets = [...weak, ...strongServers];
const ownKeys = createOwnKeys('the matrix');

parentPort?.on('message', ({ id, name }: Asked) => {
  attackTarget(name).then(
    ({ results, counts }) => {
      const seen = results.map(({ id, verdict, why }) => ({ id, verdict, why }));
      parentPort?.postMessage({ id, seen, counts } satisfies Seen & Pick<Asked, 'id'>);
    },
    (error: unknown) => {
      parentPort?.postMessage({ id, fault: error });
    },
  );
});

async function attackTarget(name: string): Promise<Report> {
  const index = targets.findIndex((each) => each.name === name);
  const target = targets[index];
  if (target === undefined) throw new TypeError(`no target is called ${name}`);
  const standing = await standUp(target);
  try {
    return await attack({ ...standing.options, ownKeys, patience, only: chosen(target, index) });
  } finally {
    standing.close();
  }
}

function chosen({ runs }: Target, index: number): string[] {
  const rest = battery.filter(({ id }) => !runs.some((start) => id.startsWith(start)));
  return [...runs, ...rest.filter((_, at) => (at + index) % sampleStep === 0).map(({ id }) => id)];
}
