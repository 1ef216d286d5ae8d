import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { importSigningKey, signProof, type SigningKey } from '@symbolon/token';
import type { Work } from '../harness/calculation.ts';
import { compete } from '../harness/contestant.ts';
import { demandSodium } from '../harness/sodium.ts';
import type { ProofMaterial } from '../proof.ts';
import { audience, issuer } from '../tokens.ts';

/** One request: who makes it, with which token and proof. */
interface Bound {
  readonly holder: number;
  readonly token: string;
  readonly proof: string;
}

compete<ProofMaterial>({
  'raw crypto.verify of the proof': rawNode,
  'symbolon guard with sodium-native': (material) => guarded(material, 'visible'),
  'symbolon guard on node:crypto': (material) => guarded(material, 'hidden'),
  'express-oauth2-jwt-bearer': expressOauth2JwtBearer,
  'jose by hand': jose,
});

const path = '/orders';
const perMillisecond = 12; // whoever takes more has a shorter turn

/** Gives each operation a request of its own, whose proof was made just before the turn. */
async function fresh(material: ProofMaterial, work: (request: Bound) => unknown): Promise<Work> {
  const keys = await Promise.all(material.holders.map(importSigningKey));
  let stocked: readonly Bound[] = [];
  return {
    stock: async (milliseconds) => {
      stocked = await makeRequests(material, { keys, count: milliseconds * perMillisecond });
      return stocked.length;
    },
    run: (index) => {
      const request = stocked[index];
      if (request === undefined) throw new Error('the proofs are used up');
      return work(request);
    },
  };
}

async function makeRequests(
  { set }: ProofMaterial,
  { keys, count }: { keys: readonly SigningKey[]; count: number },
): Promise<readonly Bound[]> {
  const made: Bound[] = [];
  for (let at = 0; at < count; at++) {
    const holder = at % keys.length;
    const [key, token] = [keys[holder], set.tokens[holder]];
    if (key === undefined || token === undefined) throw new TypeError('each holder has a token');
    const proof = await signProof(
      { method: 'GET', url: audience + path, now: Date.now() / 1000, token },
      key,
    );
    made.push({ holder, token, proof });
  }
  return made;
}

/** The limit: the signature of the proof, by a key that was imported before. */
async function rawNode(material: ProofMaterial): Promise<Work> {
  const keys = await Promise.all(material.holders.map(publicKeyOf));
  return fresh(material, ({ holder, proof }) => {
    const end = proof.lastIndexOf('.');
    const key = keys[holder];
    const signature = Buffer.from(proof.slice(end + 1), 'base64url');
    if (key === undefined || !verify(null, Buffer.from(proof.slice(0, end)), key, signature))
      throw new Error('a sound proof was refused');
  });
}

async function publicKeyOf(jwk: ProofMaterial['holders'][number]): Promise<KeyObject> {
  return createPublicKey({ key: { ...(await importSigningKey(jwk)).jwk }, format: 'jwk' });
}

async function guarded(material: ProofMaterial, sodium: 'visible' | 'hidden'): Promise<Work> {
  demandSodium(sodium);
  const { guardFor } = await import('../guards.ts');
  const guard = await guardFor(material.set.jwk);
  const authenticate = guard.require({ scope: 'orders:read' });
  return fresh(material, ({ token, proof }) => {
    const authorization = `DPoP ${token}`;
    const get = (name: string): string | undefined =>
      name === 'authorization' ? authorization : name === 'dpop' ? proof : undefined;
    return authenticate({ method: 'GET', url: path, headers: { get } });
  });
}

async function expressOauth2JwtBearer(material: ProofMaterial): Promise<Work> {
  const { auth } = await import('express-oauth2-jwt-bearer');
  const { jwk, kid } = material.set;
  const check = auth({
    issuer,
    audience,
    publicKey: { keys: [{ ...jwk, kid }] },
    dpop: { required: true, iatOffset: 30, iatLeeway: 5 },
  }) as unknown as (request: object, response: object, next: (error?: Error) => void) => void;
  return fresh(material, ({ token, proof }) => {
    const headers = { authorization: `DPoP ${token}`, dpop: proof };
    return new Promise<void>((resolve, reject) => {
      check(expressRequest(headers), {}, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  });
}

/** What the middleware reads of Express's request. */
function expressRequest(headers: Record<string, string>): object {
  const { host } = new URL(audience);
  return {
    method: 'GET',
    headers,
    protocol: 'https',
    originalUrl: path,
    url: path,
    query: {},
    host,
    get: (name: string) => (name.toLowerCase() === 'host' ? host : headers[name.toLowerCase()]),
    is: () => false,
  };
}

/** What a team writes that has jose and reads RFC 9449 section 4.3. */
async function jose(material: ProofMaterial): Promise<Work> {
  const { calculateJwkThumbprint, EmbeddedJWK, importSPKI, jwtVerify } = await import('jose');
  const key = await importSPKI(material.set.pem, 'EdDSA');
  const seen = new Set<string>();
  return fresh(material, async ({ token, proof }) => {
    const { payload } = await jwtVerify<{ cnf: { jkt: string } }>(token, key, {
      algorithms: ['EdDSA'],
      issuer,
      audience,
      typ: 'at+jwt',
    });
    const proved = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      maxTokenAge: 30,
      clockTolerance: 5,
    });
    const { htm, htu, ath, jti } = proved.payload;
    const thumbprint = await calculateJwkThumbprint(proved.protectedHeader.jwk ?? { kty: '' });
    const hash = createHash('sha256').update(token).digest('base64url');
    const isBound = thumbprint === payload.cnf.jkt && ath === hash;
    const id = `${thumbprint}.${jti ?? ''}`;
    if (htm !== 'GET' || htu !== audience + path || !isBound || seen.has(id)) throw new Error('refused');
    seen.add(id);
  });
}
