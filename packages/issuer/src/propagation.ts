import type { GuardRow, Storage } from './storage/storage.ts';

/** How far an end has come. */
export interface Propagation {
  /** How many guard processes were heard of in the last ten minutes. */
  readonly guards: number;
  /** How many of them have applied the end. */
  readonly applied: number;
  /** How long that took, or how long was waited, in ms. */
  readonly ms: number;
  /** Those that have not applied it: what they are called, and how long they have been silent, in seconds. */
  readonly missing: readonly {
    readonly name: string;
    readonly instance: string;
    readonly silentFor: number;
  }[];
}

const interval = 20;
const rememberedFor = 600_000_000;
/** A guard that has said nothing for this long, in µs, is named and not waited for. */
const silentAfter = 15_000_000;

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
    const now = await storage.now();
    const rows = (await storage.listGuards()).filter((row) => now - row.seenAt < rememberedFor);
    const missing = rows.filter((row) => row.to < end.position);
    const waitedFor = missing.filter((row) => now - row.seenAt < silentAfter);
    const ms = Math.round(performance.now() - since);
    if (waitedFor.length === 0 || ms >= end.patience) return describe(rows, { missing, ms, now });
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}

function describe(
  rows: readonly GuardRow[],
  { missing, ms, now }: { missing: readonly GuardRow[]; ms: number; now: number },
): Propagation {
  return {
    guards: rows.length,
    applied: rows.length - missing.length,
    ms,
    missing: missing.map(({ name, instance, seenAt }) => ({
      name,
      instance,
      silentFor: Math.round((now - seenAt) / 1_000_000),
    })),
  };
}
