/** The time that passes, and what is to be done once some of it has. */
export interface Timers {
  /** Milliseconds since any moment; never goes back, whatever the wall clock does. */
  readonly elapsed: () => number;
  /**
   * Calls `work` once when so many milliseconds have passed, and answers the function that calls it off. Keeps no
   * process alive; a runtime that runs no timer between two requests need not call it.
   */
  readonly after: (milliseconds: number, work: () => void) => () => void;
}

/** The timers of the platform. */
export const platformTimers: Timers = {
  elapsed: () => performance.now(),
  after: (milliseconds, work) => {
    const timer = setTimeout(work, milliseconds);
    // Browsers and workerd give a number here.
    (timer as { unref?: () => void }).unref?.();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** One thing that is to be done later: whoever sets it anew puts off what was set before. */
export interface Alarm {
  readonly set: (milliseconds: number) => void;
  readonly stop: () => void;
}

/** Makes an alarm that is not set. */
export function createAlarm({ after }: Pick<Timers, 'after'>, ring: () => void): Alarm {
  let callOff = (): void => undefined;
  return {
    set: (milliseconds) => {
      callOff();
      callOff = after(milliseconds, ring);
    },
    stop: () => {
      callOff();
    },
  };
}
