/**
 * Lets one tab at a time do a piece of work, by a Web Lock.
 *
 * It is a courtesy, and nothing depends on it: where the browser has no locks, or whoever holds this one was frozen
 * with it, the work is done all the same, and the issuer answers two tabs that refresh at once alike.
 */
export function oneAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { locks } = globalThis.navigator as Partial<Pick<Navigator, 'locks'>>;
  if (locks === undefined) return work();
  let begun = false;
  const locked = locks.request(name, { signal: AbortSignal.timeout(patience) }, () => {
    begun = true;
    return work();
  }) as Promise<T>;
  return locked.catch((error: unknown) => {
    if (begun) throw error;
    return work();
  });
}

/** Longer than any refresh takes, in ms. */
const patience = 15_000;
