import { decodeBase64url, encodeBase64url } from '@symbolon/token';

/** A key that seals what a cookie holds: its name, and 32 random bytes that every server of the application has. */
export interface SealingKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

/** Seals values so that whoever carries them can neither read nor change them. */
export interface Seal {
  /** `purpose` and the seal's context are sealed in: what was sealed for one opens for no other. */
  readonly close: (purpose: string, value: unknown) => Promise<string>;
  /** The value, undefined for whatever this seal did not close. */
  readonly open: (purpose: string, text: string) => Promise<unknown>;
}

const idText = /^[A-Za-z0-9_-]{1,64}$/;
const ivLength = 12;
const algorithm = 'AES-GCM';

/**
 * Makes a seal (AES-256-GCM, NIST SP 800-38D). The first key closes, each opens, so that keys can be replaced while
 * people are signed in. `context` says whose seal it is: several may have the same keys, and open nothing of each other.
 *
 * @throws TypeError unless there is a key, each with a name of its own and 32 bytes.
 */
export function createSeal(keys: readonly SealingKey[], context: readonly string[]): Seal {
  const [first] = keys;
  const distinct = new Set(keys.map(({ id }) => id)).size === keys.length;
  if (
    first === undefined ||
    !distinct ||
    !keys.every(({ id, secret }) => idText.test(id) && secret.length === 32)
  )
    throw new TypeError(
      'unexpected sealingKeys, expected at least one, each with a name of its own and 32 random bytes: fileSealingKeys makes them',
    );
  const closing = importSecret(first.secret);
  const imported = new Map(keys.map(({ id, secret }) => [id, importSecret(secret)]));
  const boundTo = (purpose: string): Uint8Array<ArrayBuffer> =>
    bytesOf(JSON.stringify([purpose, ...context]));
  return {
    close: async (purpose, value) => {
      const iv = crypto.getRandomValues(new Uint8Array(ivLength));
      const parameters = { name: algorithm, iv, additionalData: boundTo(purpose) };
      const sealed = await crypto.subtle.encrypt(parameters, await closing, bytesOf(JSON.stringify(value)));
      return `${first.id}.${encodeBase64url(iv)}.${encodeBase64url(new Uint8Array(sealed))}`;
    },
    open: async (purpose, text) => {
      const [id = '', iv = '', sealed = '', ...rest] = text.split('.');
      const key = await imported.get(id);
      if (key === undefined || rest.length > 0) return undefined;
      try {
        const parameters = { name: algorithm, iv: decode(iv), additionalData: boundTo(purpose) };
        const opened = await crypto.subtle.decrypt(parameters, key, decode(sealed));
        return JSON.parse(new TextDecoder().decode(opened)) as unknown;
      } catch {
        return undefined;
      }
    },
  };
}

function importSecret(secret: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', secret as Uint8Array<ArrayBuffer>, algorithm, false, [
    'encrypt',
    'decrypt',
  ]);
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function decode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase64url(text);
  if (bytes === undefined) throw new TypeError('unexpected text, expected base64url');
  return Uint8Array.from(bytes);
}
