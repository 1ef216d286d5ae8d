import type { Maps } from '@symbolon/attack';

/** A requirement of a standard, and the sentences of docs/spec that answer it. */
export interface Requirement {
  /** The standard: a member of what an attack maps to, or a name. */
  readonly standard: keyof Maps | 'RFC 9449';
  readonly id: string;
  /** What it asks, in our words. */
  readonly asks: string;
  readonly sentences: readonly string[];
  /** Why no sentence answers it, where none does. */
  readonly open?: string;
}

/** One requirement; a sentence that is named twice counts once. */
export function row(
  standard: Requirement['standard'],
  id: string,
  asks: string,
  sentences: readonly string[],
  open?: string,
): Requirement {
  return { standard, id, asks, sentences: [...new Set(sentences)], ...(open === undefined ? {} : { open }) };
}
