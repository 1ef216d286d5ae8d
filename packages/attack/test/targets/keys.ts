import type { Target } from './target.ts';

/** Servers with one flaw each: what the attacks of `keys` are for. */
export const keysTargets: readonly Target[] = [];
