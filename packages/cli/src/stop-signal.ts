/**
 * Waits until the process is asked to stop (SIGINT, SIGTERM).
 *
 * Asking again changes nothing: a terminal's Ctrl-C reaches a process both by itself and through npm, and closing
 * takes ten seconds at most.
 */
export async function stopSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      resolve(undefined);
    });
  }
  await promise;
}
