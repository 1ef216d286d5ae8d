import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

// What Node and fast-jwt say of settings that are chosen on purpose here would tear the table.
const quiet = ['ExperimentalWarning', 'FAST_JWT_CACHE_KEY_BUILDER_SECURITY_RISK'].map(
  (name) => `--disable-warning=${name}`,
);

/** A process of ours that answers questions. */
export interface Child extends AsyncDisposable {
  /** Asks and waits for the answer; rejects if the process ends or fails instead. */
  readonly ask: <Answer>(question: unknown) => Promise<Answer>;
}

/** What a child says to a question. */
export type Reply = { readonly answer: unknown } | { readonly failure: string };

/**
 * Starts a module in a process of its own; there it calls `answerParent`.
 *
 * `preload` is imported before it. The process is ended when its owner lets go of it.
 */
export function startChild(
  module: URL,
  options: { preload?: URL; arguments?: readonly string[] } = {},
): Child {
  const preload = options.preload === undefined ? [] : [`--import=${options.preload.href}`];
  const child = fork(module, options.arguments ?? [], {
    execArgv: ['--conditions=symbolon:source', ...quiet, ...preload],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return {
    ask: <Answer>(question: unknown) => ask(child, question) as Promise<Answer>,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

/** Answers the parent's questions, one at a time, until it disconnects. */
export function answerParent(answer: (question: never) => unknown): void {
  const reply = (message: Reply): void => void process.send?.(message);
  const respond = async (question: unknown): Promise<void> => {
    try {
      // Both ends are ours and of one version: what is asked is what the answering function takes.
      reply({ answer: await answer(question as never) });
    } catch (error) {
      reply({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  };
  process.on('message', (question) => void respond(question));
  process.on('disconnect', () => process.exit());
}

async function ask(child: ChildProcess, question: unknown): Promise<unknown> {
  const stop = new AbortController();
  try {
    const replied = once(child, 'message', { signal: stop.signal });
    const exited = once(child, 'exit', { signal: stop.signal });
    child.send(question as object);
    const [first] = (await Promise.race([replied, exited])) as [Reply | number | null];
    if (typeof first !== 'object' || first === null) throw new Error('a process of the bench ended early');
    if ('failure' in first) throw new Error(`a process of the bench failed: ${first.failure}`);
    return first.answer;
  } finally {
    stop.abort();
  }
}
