import type { Target } from './target.ts';

/** Servers with one flaw each: what the attacks of `signature` are for. */
export const signatureTargets: readonly Target[] = [];
