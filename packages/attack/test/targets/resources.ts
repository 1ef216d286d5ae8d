import type { Target } from './target.ts';

/** Servers with one flaw each: what the attacks of `resources` are for. */
export const resourcesTargets: readonly Target[] = [];
