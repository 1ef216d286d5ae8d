import type { Target } from './target.ts';

/** Servers with one flaw each: what the attacks of `claims` are for. */
export const claimsTargets: readonly Target[] = [];
