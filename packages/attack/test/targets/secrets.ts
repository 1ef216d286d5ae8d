import type { Target } from './target.ts';

/** Servers with one flaw each: what the attacks of `secrets` are for. */
export const secretsTargets: readonly Target[] = [];
