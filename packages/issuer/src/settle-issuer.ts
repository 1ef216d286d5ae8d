import type { Storage } from './storage/port/storage.ts';

/**
 * Writes whose store this is. It belongs to one issuer for ever: its tokens, subjects and feed all carry the name.
 *
 * @throws TypeError where it is another's.
 */
export async function settleIssuer(storage: Storage, issuer: string): Promise<void> {
  const settled = await storage.settleMeta('issuer', issuer);
  if (settled !== issuer) {
    throw new TypeError(
      `this store belongs to the issuer ${settled}: start with that URL, or with another store`,
    );
  }
}
