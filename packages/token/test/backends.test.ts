/** The three backends, one verdict: over Project Wycheproof's vectors and over what those do not catch. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { algorithms, type AlgorithmName } from '../src/algorithms.ts';
import { publicHalf, type PublicJwk } from '../src/jwk.ts';
import type { SignatureBackend } from '../src/signatures/backend.ts';
import { nodeCrypto } from '../src/signatures/node-crypto.ts';
import { withSodium, type Sodium } from '../src/signatures/sodium.ts';
import { webCrypto } from '../src/signatures/web-crypto.ts';
import { mixedOrderSignatures } from './ed25519-arithmetic.ts';
import { sharedVectors } from './given.ts';

const sodium = createRequire(import.meta.url)('sodium-native') as Sodium;
const backends: readonly SignatureBackend[] = [nodeCrypto, withSodium(sodium), webCrypto];

interface VectorFile {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly publicKey: string | { readonly pk?: string; readonly uncompressed?: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly msg: string;
      readonly sig: string;
      readonly ctx?: string;
      readonly result: 'valid' | 'invalid';
    }[];
  }[];
}

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** What each backend says of a signature: the lengths are checked before any of them is asked. */
async function verdicts(jwk: PublicJwk, data: Uint8Array, signature: Uint8Array): Promise<boolean[]> {
  const row = algorithms[jwk.alg];
  const judge = async (backend: SignatureBackend): Promise<boolean> => {
    if (signature.length !== row.signatureLength) return false;
    return backend.verify(row, await backend.importPublicKey(row, jwk), data, signature);
  };
  return Promise.all(backends.map(judge));
}

interface Suite {
  readonly file: string;
  readonly alg: AlgorithmName;
  readonly count: number;
  readonly jwkOf: (raw: Buffer) => PublicJwk;
}

const suites: readonly Suite[] = [
  {
    file: 'ed25519_test.json',
    alg: 'EdDSA',
    count: 151,
    jwkOf: (raw) => ({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', x: base64url(raw) }),
  },
  {
    file: 'ecdsa_secp256r1_sha256_p1363_test.json',
    alg: 'ES256',
    count: 262,
    jwkOf: (raw) => ({
      kty: 'EC',
      crv: 'P-256',
      alg: 'ES256',
      x: base64url(raw.subarray(1, 33)),
      y: base64url(raw.subarray(33)),
    }),
  },
  {
    file: 'mldsa_44_verify_test.json',
    alg: 'ML-DSA-44',
    count: 180,
    jwkOf: (raw) => ({ kty: 'AKP', alg: 'ML-DSA-44', pub: base64url(raw) }),
  },
];

const base64url = (raw: Buffer): string => raw.toString('base64url');

function rawKey({ publicKey }: VectorFile['testGroups'][number]): Buffer {
  return bytes(typeof publicKey === 'string' ? publicKey : (publicKey.pk ?? publicKey.uncompressed ?? ''));
}

for (const { file, alg, count, jwkOf } of suites) {
  const vectors = sharedVectors(file);
  test(
    `KEYS-10: ${alg}: every backend agrees with all ${count} vectors of Wycheproof’s ${file}`,
    { skip: 'skip' in vectors && vectors.skip },
    async () => {
      if ('skip' in vectors) return;
      const { testGroups } = vectors.value as VectorFile;
      let judged = 0;
      for (const group of testGroups) {
        const jwk = jwkOf(rawKey(group));
        for (const { tcId, msg, sig, ctx, result } of group.tests) {
          const [ours] = await verdictsOrRefusedKey(jwk, bytes(msg), bytes(sig), `${file} ${tcId}`);
          // JOSE has no context (RFC 9964): a signature made under one is none here.
          assert.equal(ours, result === 'valid' && (ctx ?? '') === '', `${file} ${tcId}`);
          judged++;
        }
      }
      assert.equal(judged, count);
    },
  );
}

/** A key that is refused verifies nothing; the vectors have such keys among the ML-DSA ones, of a wrong length. */
async function verdictsOrRefusedKey(
  jwk: PublicJwk,
  data: Uint8Array,
  signature: Uint8Array,
  id: string,
): Promise<boolean[]> {
  if (jwk.pub !== undefined && Buffer.from(jwk.pub, 'base64url').length !== 1312) return [false];
  const said = await verdicts(jwk, data, signature);
  assert.ok(
    said.every((verdict) => verdict === said[0]),
    `${id}: the backends differ: ${said.join(', ')}`,
  );
  return said;
}

test('KEYS-10: every backend makes keys and signatures that all of them accept', async () => {
  const data = new TextEncoder().encode('one text');
  for (const row of Object.values(algorithms)) {
    for (const maker of backends) {
      const jwk = await maker.generatePrivateJwk(row);
      for (const signer of backends) {
        const signature = await signer.sign(row, await signer.importPrivateKey(row, jwk), data);
        const own = publicHalf(jwk);
        const context = `${row.name}: made by ${maker.name}, signed by ${signer.name}`;
        assert.deepEqual(await verdicts(own, data, signature), [true, true, true], context);
        assert.deepEqual(await verdicts(own, new Uint8Array(), signature), [false, false, false], context);
      }
    }
  }
});

test('KEYS-10: every backend gives the same thumbprint hash', async () => {
  for (const text of ['', 'abc', 'é'.repeat(1000)]) {
    const data = new TextEncoder().encode(text);
    const expected = createHash('sha256').update(data).digest('hex');
    for (const backend of backends)
      assert.equal(Buffer.from(await backend.sha256(data)).toString('hex'), expected);
  }
});

test('KEYS-10: E7: keys and nonces of mixed order, on which verifiers differ, split no backend from another', async () => {
  const seen = new Set<boolean>();
  for (const { x, data, signature, honest } of mixedOrderSignatures()) {
    const said = await verdicts({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', x }, data, signature);
    assert.ok(
      said.every((verdict) => verdict === said[0]),
      said.join(', '),
    );
    if (honest) assert.deepEqual(said, [true, true, true]);
    else said.forEach((verdict) => seen.add(verdict));
  }
  assert.ok(seen.has(false), 'a cofactorless verifier refuses some of them');
});
