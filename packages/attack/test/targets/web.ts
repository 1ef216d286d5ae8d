import type { Target } from './target.ts';

/** Servers with one flaw each: what the attacks of `web` are for. */
export const webTargets: readonly Target[] = [];
