import { createPublicKey, verify } from 'node:crypto';
import type { Work } from '../harness/calculation.ts';
import { compete, each, type Prepare } from '../harness/contestant.ts';
import { demandSodium } from '../harness/sodium.ts';
import { audience, issuer, type TokenSet } from '../tokens.ts';
import type { ColdMaterial } from '../verify-cold.ts';

type Part = keyof ColdMaterial;
type Make = Prepare<TokenSet>;

const on =
  (part: Part, make: Make): Prepare<ColdMaterial> =>
  (material) =>
    make(material[part]);

compete<ColdMaterial>({
  'raw crypto.verify, EdDSA': on('edDsa', (set) => rawNode(set, null)),
  'raw crypto.verify, ES256': on('es256', (set) => rawNode(set, 'sha256')),
  'raw sodium-native, EdDSA': on('edDsa', rawSodium),
  'symbolon with sodium-native, EdDSA': on('edDsa', (set) => symbolon(set, 'visible')),
  'symbolon on node:crypto, EdDSA': on('edDsa', (set) => symbolon(set, 'hidden')),
  'symbolon, ES256': on('es256', (set) => symbolon(set, 'visible')),
  'jose, EdDSA': on('edDsa', (set) => jose(set, 'EdDSA')),
  'jose, ES256': on('es256', (set) => jose(set, 'ES256')),
  'fast-jwt without cache, EdDSA': on('edDsa', (set) => fastJwt(set, 'EdDSA')),
  'fast-jwt without cache, ES256': on('es256', (set) => fastJwt(set, 'ES256')),
  '@node-rs/jsonwebtoken, EdDSA': on('edDsa', (set) => nodeRs(set, 'EdDSA')),
  '@node-rs/jsonwebtoken, ES256': on('es256', (set) => nodeRs(set, 'ES256')),
  'jsonwebtoken, ES256': on('es256', jsonwebtoken),
});

/** The limit: the signatures of the same tokens, already cut into bytes. */
function statements(set: TokenSet): readonly { signed: Buffer; signature: Buffer }[] {
  return set.tokens.map((token) => {
    const end = token.lastIndexOf('.');
    return {
      signed: Buffer.from(token.slice(0, end)),
      signature: Buffer.from(token.slice(end + 1), 'base64url'),
    };
  });
}

/** The key itself, not in an object with options, and ECDSA in DER: so `crypto.verify` is fastest. */
function rawNode(set: TokenSet, digest: 'sha256' | null): Work {
  const key = createPublicKey(set.pem);
  const prepared = statements(set).map(({ signed, signature }) => ({
    signed,
    signature: digest === null ? signature : toDer(signature),
  }));
  return each(prepared, ({ signed, signature }) => {
    demand(verify(digest, signed, key, signature));
  });
}

function toDer(signature: Buffer): Buffer {
  const numbers = [signature.subarray(0, 32), signature.subarray(32)].flatMap((bytes) => {
    const short = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
    const value = (short[0] ?? 0) > 0x7f ? [0, ...short] : [...short];
    return [0x02, value.length, ...value];
  });
  return Buffer.from([0x30, numbers.length, ...numbers]);
}

async function rawSodium(set: TokenSet): Promise<Work> {
  const { default: sodium } = await import('sodium-native');
  const key = Buffer.from(set.jwk.x ?? '', 'base64url');
  return each(statements(set), ({ signed, signature }) => {
    demand(sodium.crypto_sign_verify_detached(signature, signed, key));
  });
}

async function symbolon(set: TokenSet, sodium: 'visible' | 'hidden'): Promise<Work> {
  demandSodium(sodium);
  const { headerTable, importPublicKey, verifySessionToken } = await import('@symbolon/token');
  const keys = headerTable(new Map([[issuer, [await importPublicKey(set.jwk)]]]));
  return each(set.tokens, (token) =>
    verifySessionToken(token, { keys, issuer, audience, now: Date.now() / 1000 }),
  );
}

async function jose(set: TokenSet, alg: 'EdDSA' | 'ES256'): Promise<Work> {
  const { importSPKI, jwtVerify } = await import('jose');
  const key = await importSPKI(set.pem, alg);
  return each(set.tokens, (token) =>
    jwtVerify(token, key, { algorithms: [alg], issuer, audience, typ: 'at+jwt' }),
  );
}

async function fastJwt(set: TokenSet, alg: 'EdDSA' | 'ES256'): Promise<Work> {
  const { createVerifier } = await import('fast-jwt');
  const check = createVerifier({
    key: set.pem,
    algorithms: [alg],
    allowedIss: issuer,
    allowedAud: audience,
    checkTyp: 'at+jwt',
  });
  return each(set.tokens, (token) => check(token) as unknown);
}

async function nodeRs(set: TokenSet, alg: 'EdDSA' | 'ES256'): Promise<Work> {
  const { verifySync } = await import('@node-rs/jsonwebtoken');
  // The package declares its algorithms as a const enum, which a type-stripping runtime cannot read.
  const algorithms = [alg] as unknown as NonNullable<Parameters<typeof verifySync>[2]>['algorithms'] & object;
  const validation = { algorithms, iss: [issuer], aud: [audience], leeway: 0 };
  return each(set.tokens, (token) => verifySync(token, set.pem, validation));
}

async function jsonwebtoken(set: TokenSet): Promise<Work> {
  const { default: jwt } = await import('jsonwebtoken');
  const key = createPublicKey(set.pem);
  return each(set.tokens, (token) => jwt.verify(token, key, { algorithms: ['ES256'], issuer, audience }));
}

function demand(valid: boolean): void {
  if (!valid) throw new Error('a valid signature was refused');
}
