import type { Target } from './target.ts';

/** Servers with one flaw each: what the attacks of `audience` are for. */
export const audienceTargets: readonly Target[] = [];
