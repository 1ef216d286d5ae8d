import { readGuards } from '../feed/guards.ts';
import { dropIfRefused, type Custody } from './key-custody.ts';
import { nameGuard, type SilentGuard } from '../feed/propagation.ts';
import type { Actor } from '../storage/port/actor.ts';
import type { NewKey, PromoteResult } from '../storage/port/key-storage.ts';
import type { KeyPurpose, KeyRow } from '../storage/port/rows.ts';
import type { Storage } from '../storage/port/storage.ts';

/**
 * What became of a rotation. `not_held`: these guards do not hold the next key yet, and nothing was changed.
 * `silent` names guards that nobody has heard of for ten minutes: the rotation did not wait for them.
 */
export type RotateResult =
  | (Extract<PromoteResult, { kind: 'promoted' }> & { readonly silent: readonly SilentGuard[] })
  | Exclude<PromoteResult, { kind: 'promoted' }>
  | { readonly kind: 'not_held'; readonly kid: string; readonly lacking: readonly SilentGuard[] };

/** Promotes the next key of a purpose and algorithm once every guard can be expected to hold it. */
export type Rotate = (which: { purpose: KeyPurpose; alg: string; by: Actor }) => Promise<RotateResult>;

/**
 * Makes the rotation. Every guard with an identity must have said that it holds the next session key; for all
 * others, of whom nobody knows, the time must have passed in which caches let go of the key set before.
 */
export function createRotation(options: {
  storage: Storage;
  custody: Custody;
  draft: (purpose: KeyPurpose, alg: string) => Promise<NewKey>;
}): Rotate {
  const { storage, custody, draft } = options;
  return async ({ purpose, alg, by }) => {
    const next = (await storage.listKeys()).find(isNext(purpose, alg));
    const { heard, silent } = await readGuards(storage);
    const lacking = heard.filter(({ keys }) => next !== undefined && !keys.includes(next.kid));
    if (next !== undefined && purpose === 'session' && lacking.length > 0)
      return { kind: 'not_held', kid: next.kid, lacking: lacking.map(nameGuard) };
    if (next !== undefined && next.holdableFrom > (await storage.now()))
      return { kind: 'not_holdable', holdableFrom: next.holdableFrom };
    const drafted = await draft(purpose, alg);
    const promoted = await storage
      .promoteKey({ next: drafted, when: 'holdable', by })
      .catch(dropIfRefused(custody, drafted));
    if (promoted.kind === 'promoted') return { ...promoted, silent: silent.map(nameGuard) };
    // Somebody else was faster: this draft stands nowhere, unless as the next key that was missing.
    if (promoted.kind === 'not_holdable') await custody.destroy(drafted);
    return promoted;
  };
}

function isNext(purpose: KeyPurpose, alg: string): (row: KeyRow) => boolean {
  return (row) => row.purpose === purpose && row.alg === alg && row.state === 'next';
}
