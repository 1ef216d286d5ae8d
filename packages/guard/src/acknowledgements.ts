import { createAlarm, type Timers } from './timers.ts';

/** Tells the issuer what this guard process has applied. */
export interface Acknowledgements {
  /** Something was applied, or time has passed: tells it if that is due. Never waits. */
  readonly tell: () => void;
  readonly close: () => void;
}

/** How often a guard with nothing new to say tells that it is there, in ms. */
const reportInterval = 5_000;
/** The least time between two reports, and after one that failed, in ms: an end never becomes a flood. */
const leastInterval = 200;
const retryInterval = 1_000;

/**
 * Makes the teller: what is new is told at once, what comes while a report is under way or just after one is
 * told together, and nothing is told twice but that the guard is still there.
 */
export function createAcknowledgements(options: {
  send: (() => Promise<void>) | undefined;
  version: () => number;
  timers: Timers;
  onFailure: () => void;
}): Acknowledgements {
  const { send, version, onFailure } = options;
  const { elapsed } = options.timers;
  let told = { version: -1, at: Number.NEGATIVE_INFINITY };
  let allowedAt = Number.NEGATIVE_INFINITY;
  let sending = false;
  let closed = false;

  const isDue = (): boolean => version() !== told.version || elapsed() - told.at >= reportInterval;

  const report = async (how: () => Promise<void>): Promise<void> => {
    sending = true;
    const sent = { version: version(), at: elapsed() };
    try {
      await how();
      told = sent;
      allowedAt = sent.at + leastInterval;
    } catch {
      onFailure();
      allowedAt = elapsed() + retryInterval;
    } finally {
      sending = false;
    }
    tell();
  };

  const tell = (): void => {
    if (send === undefined || sending || closed || !isDue()) return;
    const wait = allowedAt - elapsed();
    alarm.stop();
    if (wait <= 0) void report(send);
    else alarm.set(wait);
  };
  const alarm = createAlarm(options.timers, tell);

  return {
    tell,
    close: () => {
      closed = true;
      alarm.stop();
    },
  };
}
