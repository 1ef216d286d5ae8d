import type { Target } from './target.ts';

/** Servers with one flaw each: what the attacks of `envelope` are for. */
export const envelopeTargets: readonly Target[] = [];
