import type { Timers } from '@symbolon/guard';
import { settled } from './support.ts';

/** Timers for which no time passes until they are told. */
export interface FakeTimers extends Timers {
  /** Lets time pass: calls what falls due on the way, in order, and lets what that begins settle. */
  readonly pass: (milliseconds: number) => Promise<void>;
  /** Lets time pass until something is so, at most five minutes. */
  readonly passUntil: (isSo: () => boolean) => Promise<void>;
  /** How many calls are still to come. */
  readonly waiting: () => number;
}

interface Call {
  readonly at: number;
  readonly work: () => void;
}

export function fakeTimers(): FakeTimers {
  let now = 0;
  const calls = new Set<Call>();
  const nextUntil = (end: number): Call | undefined =>
    [...calls].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];

  const pass = async (milliseconds: number): Promise<void> => {
    const end = now + milliseconds;
    await settled();
    for (let call = nextUntil(end); call !== undefined; call = nextUntil(end)) {
      calls.delete(call);
      now = Math.max(now, call.at);
      call.work();
      await settled();
    }
    now = end;
  };

  return {
    elapsed: () => now,
    after: (milliseconds, work) => {
      const call = { at: now + milliseconds, work };
      calls.add(call);
      return () => {
        calls.delete(call);
      };
    },
    pass,
    passUntil: async (isSo) => {
      for (const end = now + 300_000; !isSo();) {
        if (now > end) throw new Error('it did not become so within five minutes');
        await pass(100);
      }
    },
    waiting: () => calls.size,
  };
}
