import { isPlainObject } from './json.ts';
import type { PublicJwk } from './jwk.ts';
import { importPublicKey, type VerificationKey } from './keys.ts';
import { sessionTokenHeader, type HeaderTable } from './session-token.ts';

/** What a published key signs; a guard takes session keys for tokens, feed keys for the feed, and no others. */
export type KeyPurpose = 'session' | 'identity' | 'feed';

/** A key as it stands in a key set (RFC 7517 section 4), with its purpose. */
export type PublishedJwk = PublicJwk & {
  readonly kid: string;
  readonly use: 'sig';
  readonly purpose: KeyPurpose;
};

/** The most keys a set may hold. */
const maxKeys = 64;

/** A key as its issuer publishes it. */
export function publishedJwk(key: Pick<VerificationKey, 'kid' | 'jwk'>, purpose: KeyPurpose): PublishedJwk {
  return { ...key.jwk, kid: key.kid, use: 'sig', purpose };
}

/**
 * Reads the session keys of a key set (RFC 7517 section 5).
 *
 * A key that is unsound, has no `alg`, another purpose, or a `kid` that is not its own thumbprint is dropped
 * alone; two keys never share a name, since the name is derived from the key. Nothing is fetched.
 *
 * @throws TypeError if the value is no key set, holds more than 64 keys, or not one session key is left: such
 * an answer must never replace a good set.
 */
export async function readKeySet(value: unknown): Promise<readonly VerificationKey[]> {
  return readKeysFor('session', value);
}

/** Reads the feed keys of an issuer as {@link readKeySet} reads session keys; one kind is never the other. */
export async function readFeedKeys(value: unknown): Promise<readonly VerificationKey[]> {
  return readKeysFor('feed', value);
}

async function readKeysFor(purpose: KeyPurpose, value: unknown): Promise<readonly VerificationKey[]> {
  const listed: unknown = isPlainObject(value) ? value['keys'] : undefined;
  if (!Array.isArray(listed))
    throw new TypeError('unexpected answer, expected a JSON object with a list "keys"');
  if (listed.length > maxKeys) throw new TypeError('unexpected key set, expected at most 64 keys');
  const read = await Promise.all(listed.map((key) => readKey(purpose, key)));
  const keys = new Map(read.flatMap((key) => (key === undefined ? [] : [[key.kid, key] as const])));
  if (keys.size === 0) throw new TypeError(`unexpected key set, expected at least one sound ${purpose} key`);
  return [...keys.values()];
}

/** Makes the table from exact header segments to keys, for the session keys that each issuer publishes. */
export function headerTable(keysByIssuer: ReadonlyMap<string, readonly VerificationKey[]>): HeaderTable {
  const table = new Map<string, { key: VerificationKey; issuers: Set<string> }>();
  for (const [issuer, keys] of keysByIssuer) {
    for (const key of keys) {
      const header = sessionTokenHeader(key);
      const row = table.get(header) ?? { key, issuers: new Set() };
      row.issuers.add(issuer);
      table.set(header, row);
    }
  }
  return table;
}

async function readKey(purpose: KeyPurpose, value: unknown): Promise<VerificationKey | undefined> {
  if (!isPlainObject(value) || value['purpose'] !== purpose || typeof value['alg'] !== 'string')
    return undefined;
  const key = await importPublicKey(value).catch(() => undefined);
  return key !== undefined && value['kid'] === key.kid && value['alg'] === key.jwk.alg ? key : undefined;
}
