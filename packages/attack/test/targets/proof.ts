import type { Target } from './target.ts';

/** Servers with one flaw each: what the attacks of `proof` are for. */
export const proofTargets: readonly Target[] = [];
