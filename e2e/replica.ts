import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { IssuedTokens, SessionEndResult } from '@symbolon/issuer';
import type { Order, ReplicaSettings } from './replica-orders.ts';

/** An issuer in a process of its own. */
export interface Replica {
  readonly port: number;
  /** Registers the two clients of these tests, once for each store. */
  readonly register: () => Promise<void>;
  readonly start: (
    sessions: readonly { subject: string; jkt?: string }[],
  ) => Promise<readonly IssuedTokens[]>;
  /** Resolves when the end was answered; then it must never be forgotten. */
  readonly end: (sid: string) => Promise<SessionEndResult>;
  readonly order: (kind: 'fillDisk' | 'freeDisk') => Promise<void>;
  /** `kill -9`. */
  readonly kill: () => Promise<void>;
  /** As a service manager would: answers what is in flight and goes. */
  readonly stop: () => Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts one; it dies with this process. */
export async function launch(settings: ReplicaSettings): Promise<Replica> {
  const child = fork(new URL('./issuer-process.ts', import.meta.url), [JSON.stringify(settings)], {
    execArgv: ['--conditions=symbolon:source', '--disable-warning=ExperimentalWarning'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const ask = questionsTo(child);
  const [{ port }] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the issuer did not start: ${String(code)}`);
    }),
  ])) as [{ port: number }];
  return {
    port,
    register: async () => {
      await ask({ kind: 'register' });
    },
    start: (sessions) => ask({ kind: 'start', sessions }) as Promise<readonly IssuedTokens[]>,
    end: (sid) => ask({ kind: 'end', sid }) as Promise<SessionEndResult>,
    order: async (kind) => {
      await ask({ kind });
    },
    kill: () => ending(child, () => child.kill('SIGKILL')),
    stop: async () => {
      await ask({ kind: 'stop' });
      await ending(child, () => {
        child.disconnect();
      });
    },
  };
}

async function ending(child: ChildProcess, act: () => unknown): Promise<void> {
  if (!running.has(child)) return;
  const gone = once(child, 'exit');
  act();
  await gone;
}

/** Many questions may be open at once; all fail when the process is gone. */
function questionsTo(child: ChildProcess): (order: Order) => Promise<unknown> {
  const open = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  child.on('message', ({ id, answer, failure }: { id?: number; answer?: unknown; failure?: string }) => {
    if (id === undefined) return;
    if (failure === undefined) open.get(id)?.resolve(answer);
    else open.get(id)?.reject(new Error(failure));
    open.delete(id);
  });
  child.once('exit', () => {
    for (const { reject } of open.values()) reject(new Error('the issuer is gone'));
    open.clear();
  });
  return (order) => {
    const id = ++last;
    const question = Promise.withResolvers<unknown>();
    open.set(id, question);
    // A process that was killed under our hands fails the question at its exit.
    child.send({ id, order }, () => undefined);
    return question.promise;
  };
}
