import { importPublicKey, type SigningKey } from '@symbolon/token';
import type { Cabinet } from './cabinet.ts';

const name = 'key';

/**
 * Opens the key of this browser and makes it when there is none: Ed25519 where the browser can, else P-256.
 *
 * Its private half cannot be extracted, neither by scripts of the page nor by what they load.
 */
export async function storedKey(cabinet: Cabinet): Promise<SigningKey> {
  const kept = await cabinet.read(name);
  if (isKeyPair(kept)) return toSigningKey(kept);
  const made = await makeKey();
  // Another tab may have been faster: its key is everybody's.
  return toSigningKey(
    (await cabinet.change(name, (known) => (isKeyPair(known) ? known : made))) as CryptoKeyPair,
  );
}

/** Takes the key away for good. */
export async function forgetKey(cabinet: Cabinet): Promise<void> {
  await cabinet.change(name, () => undefined);
}

async function makeKey(): Promise<CryptoKeyPair> {
  const uses: KeyUsage[] = ['sign', 'verify'];
  try {
    return (await crypto.subtle.generateKey({ name: 'Ed25519' }, false, uses)) as CryptoKeyPair;
  } catch {
    return crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, uses);
  }
}

async function toSigningKey({ privateKey, publicKey }: CryptoKeyPair): Promise<SigningKey> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const { kid, jwk } = await importPublicKey(y === undefined ? { kty, crv, x } : { kty, crv, x, y });
  const algorithm =
    jwk.kty === 'EC' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: privateKey.algorithm.name };
  return {
    kid,
    jwk,
    sign: async (data) =>
      new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, data as Uint8Array<ArrayBuffer>)),
  };
}

function isKeyPair(value: unknown): value is CryptoKeyPair {
  return (
    typeof value === 'object' &&
    value !== null &&
    'privateKey' in value &&
    value.privateKey instanceof CryptoKey
  );
}
