const usualWait = 500;

/** The time between a look and the note that follows it, in which others may look as well. */
export interface Looks {
  /** Waits for another look at the same thing: both go on then. A look that stays alone goes on after a while. */
  readonly another: (id: string) => Promise<void>;
}

/** How the flaw is met hangs on two looks being there, and not on how busy the machine is. */
export function createLooks(longest = usualWait): Looks {
  const alone = new Map<string, () => void>();
  return {
    another: (id) => {
      const first = alone.get(id);
      if (first !== undefined) {
        first();
        return Promise.resolve();
      }
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const goOn = (): void => {
        clearTimeout(timer);
        alone.delete(id);
        resolve(undefined);
      };
      const timer = setTimeout(goOn, longest);
      alone.set(id, goOn);
      return promise;
    },
  };
}
