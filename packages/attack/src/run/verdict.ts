import type { Exchange } from '../http/exchange.ts';
import type { Need } from './need.ts';

/** What an attack itself concludes, where the answers alone do not tell. */
export interface Judgement {
  readonly verdict: 'accepted' | 'refused' | 'inconclusive';
  /** What was seen, in a sentence. */
  readonly why: string;
  readonly exchanges: readonly Exchange[];
  /** A figure that reports show whatever the verdict, in a sentence. */
  readonly measured?: string;
}

/** What became of an attack. */
export type Verdict = Judgement['verdict'] | 'skipped';

/** An attack cannot be tried, because the lab lacks something. */
export class Missing extends Error {
  override readonly name = 'Missing';
  readonly need: Need | 'algorithm';

  constructor(need: Need | 'algorithm', message: string) {
    super(message);
    this.need = need;
  }
}

/** The attack was accepted: a finding. */
export function accepted(why: string, ...exchanges: readonly Exchange[]): Judgement {
  return { verdict: 'accepted', why, exchanges };
}

/** The attack was refused. */
export function refused(why: string, ...exchanges: readonly Exchange[]): Judgement {
  return { verdict: 'refused', why, exchanges };
}

/** Nothing can be said. */
export function inconclusive(why: string, ...exchanges: readonly Exchange[]): Judgement {
  return { verdict: 'inconclusive', why, exchanges };
}

/** The worst of several judgements: accepted before inconclusive before refused. */
export function worst(judgements: readonly Judgement[]): Judgement {
  const order = ['accepted', 'inconclusive', 'refused'] as const;
  for (const verdict of order) {
    const found = judgements.find((each) => each.verdict === verdict);
    if (found !== undefined) return found;
  }
  return inconclusive('nothing was tried');
}
