import { createCipheriv, createDecipheriv } from 'node:crypto';
import { newBytes } from '../random.ts';

/** A key-encryption key: its name and 32 bytes. */
export interface WrappingKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

/** What a wrapped key is tied to: it opens under this name, for this purpose and algorithm, and no other. */
export interface WrappedFor {
  readonly kid: string;
  readonly purpose: string;
  readonly alg: string;
}

/** Wraps with the first key; unwraps with whichever key the text names. */
export interface Keyring {
  readonly currentId: string;
  readonly wrap: (secret: string, context: WrappedFor) => string;
  readonly unwrap: (wrapped: string, context: WrappedFor & { kekId: string }) => string;
}

/** What stands in the store in place of a key-encryption key where a signer holds the private key. */
export const externalPrefix = 'external:';

const ivLength = 12;
const tagLength = 16;

/**
 * Makes a keyring of key-encryption keys (AES-256-GCM, NIST SP 800-38D).
 *
 * The first key wraps; all of them unwrap, so that one can be replaced while the other is still needed.
 *
 * @throws TypeError if there is no key, one has not 32 bytes, or two have the same name.
 */
export function createKeyring(keys: readonly WrappingKey[]): Keyring {
  const [first] = keys;
  if (first === undefined)
    throw new TypeError('unexpected empty keyring, expected at least one key-encryption key');
  if (
    new Set(keys.map(({ id }) => id)).size !== keys.length ||
    keys.some(({ id }) => id.startsWith(externalPrefix))
  )
    throw new TypeError('unexpected name of a key-encryption key, expected each once and none external');
  if (keys.some((key) => key.secret.length !== 32)) {
    throw new TypeError('unexpected key-encryption key, expected 32 bytes');
  }
  return {
    currentId: first.id,
    wrap: (secret, context) => wrap(first, secret, context),
    unwrap: (wrapped, context) => {
      const key = keys.find(({ id }) => id === context.kekId);
      if (key === undefined) throw new Error(missingKey(context.kekId));
      return unwrap(key, wrapped, context);
    },
  };
}

function wrap(key: WrappingKey, secret: string, context: WrappedFor): string {
  const iv = newBytes(ivLength);
  const cipher = createCipheriv('aes-256-gcm', key.secret, iv);
  cipher.setAAD(boundTo(context));
  const sealed = Buffer.concat([iv, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return sealed.toString('base64url');
}

function unwrap(key: WrappingKey, wrapped: string, context: WrappedFor): string {
  const sealed = Buffer.from(wrapped, 'base64url');
  const end = sealed.length - tagLength;
  const options = { authTagLength: tagLength };
  const decipher = createDecipheriv('aes-256-gcm', key.secret, sealed.subarray(0, ivLength), options);
  decipher.setAAD(boundTo(context));
  decipher.setAuthTag(sealed.subarray(end));
  try {
    return decipher.update(sealed.subarray(ivLength, end), undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw new Error(`the signing key ${context.kid} does not open with key file entry ${key.id}`, { cause });
  }
}

function boundTo({ kid, purpose, alg }: WrappedFor): Buffer {
  return Buffer.from(JSON.stringify([kid, purpose, alg]));
}

function missingKey(id: string): string {
  return `the key file has no entry ${id}, under which the signing keys are wrapped: restore the key file that belongs to this store`;
}
