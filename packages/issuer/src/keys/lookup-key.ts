import { createHmac } from 'node:crypto';
import { newBytes } from '../random.ts';
import type { Storage } from '../storage/port/storage.ts';
import type { Keyring } from './wrapping.ts';

/**
 * Names what is presented once and looked up: authorization codes, request URIs, one-time links, recovery codes,
 * challenges. The store keeps the name alone, and without the key file nobody can make it from the code or test a guess.
 */
export interface LookupKey {
  /** HMAC-SHA-256 over purpose and text, base64url: a code for one purpose is none for another. */
  readonly name: (purpose: string, text: string) => string;
}

const metaKey = 'lookup_key';
const boundTo = { kid: metaKey, purpose: 'lookup', alg: 'HMAC-SHA-256' };

/**
 * Opens the store's lookup key, and makes it when the store has none: 32 random bytes, wrapped as the signing keys are.
 *
 * @throws Error if the key file is not the one that belongs to this store.
 */
export async function openLookupKey(options: { storage: Storage; keyring: Keyring }): Promise<LookupKey> {
  const { storage, keyring } = options;
  const made = `${keyring.currentId}.${keyring.wrap(newBytes(32).toString('base64url'), boundTo)}`;
  const kept = await storage.settleMeta(metaKey, made);
  const key = Buffer.from(unwrap(keyring, kept), 'base64url');
  return {
    name: (purpose, text) =>
      createHmac('sha256', key)
        .update(JSON.stringify([purpose, text]))
        .digest('base64url'),
  };
}

/** Brings the lookup key under the first entry of the key file, so that the others are needed no more. */
export async function rewrapLookupKey(options: { storage: Storage; keyring: Keyring }): Promise<void> {
  const { storage, keyring } = options;
  const from = await storage.findMeta(metaKey);
  if (from === null || from.startsWith(`${keyring.currentId}.`)) return;
  const to = `${keyring.currentId}.${keyring.wrap(unwrap(keyring, from), boundTo)}`;
  await storage.replaceMeta(metaKey, { from, to });
}

/** Under which entry of the key file the lookup key is wrapped; undefined where the store has none yet. */
export async function lookupKeyEntry(storage: Storage): Promise<string | undefined> {
  const kept = await storage.findMeta(metaKey);
  return kept === null ? undefined : entryOf(kept);
}

function entryOf(kept: string): string {
  return kept.slice(0, kept.indexOf('.'));
}

function unwrap(keyring: Keyring, kept: string): string {
  const kekId = entryOf(kept);
  return keyring.unwrap(kept.slice(kekId.length + 1), { ...boundTo, kekId });
}
