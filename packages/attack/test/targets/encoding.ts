import type { Target } from './target.ts';

/** Servers with one flaw each: what the attacks of `encoding` are for. */
export const encodingTargets: readonly Target[] = [];
