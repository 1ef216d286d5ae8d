import { readGuards, type RegisteredGuard } from './guards.ts';
import type { Storage } from '../storage/port/storage.ts';

/** A guard that has not said what was waited for. */
export type SilentGuard = Pick<RegisteredGuard, 'name' | 'instance' | 'silentFor'>;

/** How far an end has come. */
export interface Propagation {
  /** How many guard processes were heard of in the last ten minutes. */
  readonly guards: number;
  /** How many of them have applied the end. */
  readonly applied: number;
  /** How long that took, or how long was waited, in ms. */
  readonly ms: number;
  /** Those that have not applied it, and those not heard of for longer. */
  readonly missing: readonly SilentGuard[];
}

const interval = 20;
/** A guard reports every five seconds; one that has missed three reports is named and not waited for. */
const hopelessAfter = 15;

/**
 * Waits, at most `patience` ms, until every guard that can be heard has applied what stands at `position`.
 *
 * Guards without an identity cannot be counted: they read the feed, and nobody knows of them.
 */
export async function waitUntilApplied(
  storage: Storage,
  end: { position: number; patience: number },
): Promise<Propagation> {
  const since = performance.now();
  for (;;) {
    const { heard, silent } = await readGuards(storage);
    const missing = heard.filter(({ to }) => to < end.position);
    const waitedFor = missing.filter(({ silentFor }) => silentFor < hopelessAfter);
    const ms = Math.round(performance.now() - since);
    if (waitedFor.length === 0 || ms >= end.patience) {
      const applied = heard.length - missing.length;
      return { guards: heard.length, applied, ms, missing: [...missing, ...silent].map(nameGuard) };
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}

/** Names a guard for an operator. */
export function nameGuard({ name, instance, silentFor }: RegisteredGuard): SilentGuard {
  return { name, instance, silentFor };
}
