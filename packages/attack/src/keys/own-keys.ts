import { generateKeyPairSync } from 'node:crypto';
import { ed25519Key, forgeKeyFrom, p256Key, rsaKey, type ForgeKey } from './forge-key.ts';
import type { OwnAlgorithm } from '../run/lab.ts';
import { createRandom } from '../random.ts';

/** The attacker's keys. */
export type OwnKeys = (alg: OwnAlgorithm) => ForgeKey;

/** Makes the attacker's keys as they are asked for, and keeps them. */
export function createOwnKeys(seed: string): OwnKeys {
  const made = new Map<OwnAlgorithm, ForgeKey>();
  return (alg) => {
    const key = made.get(alg) ?? makeKey(alg, seed);
    made.set(alg, key);
    return key;
  };
}

function makeKey(alg: OwnAlgorithm, seed: string): ForgeKey {
  switch (alg) {
    case 'EdDSA':
      return ed25519Key(createRandom(`${seed} EdDSA`));
    case 'ES256':
      return p256Key(createRandom(`${seed} ES256`));
    case 'RS256':
    case 'PS256':
      return rsaKey(alg);
    case 'Ed448':
      return { ...fromPair(generateKeyPairSync('ed448').privateKey.export({ format: 'jwk' })), alg: 'EdDSA' };
    case 'ES384':
      return onCurve('P-384', alg);
    case 'ES512':
      return onCurve('P-521', alg);
    case 'ES256K':
      return onCurve('secp256k1', alg);
  }
}

function onCurve(namedCurve: string, alg: OwnAlgorithm): ForgeKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  return { ...fromPair(privateKey.export({ format: 'jwk' })), alg };
}

function fromPair(jwk: Parameters<typeof forgeKeyFrom>[0]): ForgeKey {
  return forgeKeyFrom(jwk);
}
