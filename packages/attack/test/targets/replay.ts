import type { Target } from './target.ts';

/** Servers with one flaw each: what the attacks of `replay` are for. */
export const replayTargets: readonly Target[] = [];
