import type { Target } from './target.ts';

/** Servers with one flaw each: what the attacks of `refresh` are for. */
export const refreshTargets: readonly Target[] = [];
