import { setTimeout as sleep } from 'node:timers/promises';
import { answerParent } from '../harness/child.ts';
import { openConnection, type Connection } from '../harness/connection.ts';
import { knock } from './knock.ts';

/** What the process of the other requests is asked: to make so many a second from here on; to stop. */
export type CrowdQuestion =
  { readonly doors: readonly number[]; readonly tokens: readonly string[]; readonly rate: number } | 'stop';

/** What it did. */
export interface CrowdCount {
  readonly asked: number;
  /** Requests that were not answered with 200. */
  readonly refused: number;
  readonly seconds: number;
}

const connectionsPerDoor = 4;
const tick = 5; // ms

let stop: (() => Promise<CrowdCount>) | undefined;

answerParent(async (question: CrowdQuestion) => {
  if (question === 'stop') return await stop?.();
  stop = await pour(question);
  return 'pouring';
});

/** Makes as many requests as are due by the clock; one that finds no free connection is made as soon as there is one. */
async function pour(question: {
  doors: readonly number[];
  tokens: readonly string[];
  rate: number;
}): Promise<() => Promise<CrowdCount>> {
  const ports = Array.from({ length: connectionsPerDoor }, () => question.doors).flat();
  const free = await Promise.all(
    ports.map(async (port) => ({ port, connection: await openConnection(port) })),
  );
  let asked = 0;
  let refused = 0;
  let isPouring = true;
  const ask = async (door: { port: number; connection: Connection }): Promise<void> => {
    const token = question.tokens[asked++ % question.tokens.length] ?? '';
    if ((await knock(door.connection, { port: door.port, token })) !== 200) refused++;
    free.push(door);
  };
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  const run = async (): Promise<CrowdCount> => {
    while (isPouring) {
      for (let door; asked < seconds() * question.rate && (door = free.shift());) void ask(door);
      await sleep(tick);
    }
    return { asked, refused, seconds: seconds() };
  };
  const count = run();
  return () => {
    isPouring = false;
    return count;
  };
}
