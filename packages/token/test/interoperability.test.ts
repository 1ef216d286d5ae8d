/** What others make we accept, and what we make they accept: jose, aws-jwt-verify and oauth4webapi as judges. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JwtVerifier } from 'aws-jwt-verify';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import {
  generatePrivateJwk,
  hashText,
  importPublicKey,
  importSigningKey,
  publishedJwk,
  signProof,
  signSessionToken,
  verifyAssertion,
  verifyProof,
  type AlgorithmName,
} from '../src/index.ts';
import {
  algorithmNames,
  audience,
  clientId,
  issuer,
  party,
  scene,
  sharedVectors,
  soundClaims,
} from './given.ts';

const now = (): number => Math.floor(Date.now() / 1000);
const url = `${audience}/orders`;

/** A token of this very second: the judges look at their own clock. */
async function freshToken(
  alg: AlgorithmName,
): Promise<{ token: string; jwks: jose.JSONWebKeySet; sub: string }> {
  const { office, holder } = await scene(alg);
  const claims = { ...soundClaims(holder.key.kid), iat: now(), exp: now() + 300 };
  const token = await signSessionToken(claims, office.signing);
  return { token, sub: claims.sub, jwks: { keys: [publishedJwk(office.key, 'session')] } };
}

for (const alg of algorithmNames) {
  test(`TOKEN-30: jose accepts our ${alg} token from the published set, and no changed one`, async () => {
    const { token, jwks, sub } = await freshToken(alg);
    const options = { issuer, audience, typ: 'at+jwt', algorithms: [alg] };
    const { payload, protectedHeader } = await jose.jwtVerify(token, jose.createLocalJWKSet(jwks), options);
    assert.deepEqual([payload.sub, protectedHeader.alg], [sub, alg]);
    const other = await freshToken(alg);
    await assert.rejects(jose.jwtVerify(token, jose.createLocalJWKSet(other.jwks), options));
  });
}

// aws-jwt-verify knows no ML-DSA.
for (const alg of ['EdDSA', 'ES256'] as const) {
  test(`TOKEN-30: aws-jwt-verify accepts our ${alg} token from the published set, and no changed one`, async () => {
    const { token, jwks, sub } = await freshToken(alg);
    const verifier = JwtVerifier.create({ issuer, audience, jwksUri: `${issuer}/jwks` });
    verifier.cacheJwks(jwks as unknown as Parameters<typeof verifier.cacheJwks>[0]);
    assert.equal((await verifier.verify(token)).sub, sub);
    const [head = '', body = '', signature = ''] = token.split('.');
    const changed = `${head}.${Buffer.from(Buffer.from(body, 'base64url').toString().replace(sub, 'root')).toString('base64url')}.${signature}`;
    await assert.rejects(verifier.verify(changed));
  });
}

// oauth4webapi keeps a key set by this object, so each of its judgements gets a copy.
const as: oauth.AuthorizationServer = {
  issuer,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
};
const client: oauth.Client = { client_id: clientId };

type Sender = (url: string, init: { headers: Record<string, string>; body?: unknown }) => Promise<Response>;

/** Runs a request of oauth4webapi and catches it instead of sending it. */
async function caught(
  send: (sender: Sender) => Promise<unknown>,
): Promise<{ headers: Headers; body: URLSearchParams }> {
  let headers = new Headers();
  let body = new URLSearchParams();
  await send((_url, init) => {
    headers = new Headers(init.headers);
    if (init.body instanceof URLSearchParams) body = init.body;
    return Promise.resolve(new Response('{}', { status: 400 }));
  }).catch(() => undefined);
  return { headers, body };
}

for (const alg of ['EdDSA', 'ES256'] as const) {
  test(`PROOF-19: a proof by oauth4webapi with ${alg} is accepted, for its own request only`, async () => {
    const keys = await oauth.generateKeyPair(alg === 'EdDSA' ? 'Ed25519' : alg, { extractable: true });
    const DPoP = oauth.DPoP(client, keys);
    const { headers } = await caught((sender) =>
      oauth.protectedResourceRequest('a-token', 'GET', new URL(`${url}?q=1`), undefined, undefined, {
        DPoP,
        [oauth.customFetch]: sender,
      }),
    );
    const proof = headers.get('dpop') ?? '';
    const expected = { method: 'GET', url, tokenHash: await hashText('a-token'), now: now() };
    const { thumbprint } = await verifyProof(proof, expected);
    assert.equal(thumbprint, await jose.calculateJwkThumbprint(await jose.exportJWK(keys.publicKey)));
    await assert.rejects(verifyProof(proof, { ...expected, method: 'POST' }), {
      code: 'proof_method_unexpected',
    });
  });

  test(`PROOF-19: oauth4webapi accepts our ${alg} proof and token together, and refuses them apart`, async () => {
    const [office, holder, thief] = await Promise.all([party(alg), party(alg), party(alg)]);
    const token = await signSessionToken(
      { ...soundClaims(holder.key.kid), iat: now(), exp: now() + 300 },
      office.signing,
    );
    const jwks = { keys: [publishedJwk(office.key, 'session')] };
    const judge = async (signing: typeof holder.signing): Promise<unknown> => {
      const proof = await signProof({ method: 'GET', url, now: now(), token }, signing);
      const request = new Request(url, { headers: { authorization: `DPoP ${token}`, dpop: proof } });
      const serve = (): Promise<Response> => Promise.resolve(Response.json(jwks));
      return oauth.validateJwtAccessToken({ ...as }, request, audience, {
        requireDPoP: true,
        [oauth.customFetch]: serve,
      });
    };
    assert.equal(((await judge(holder.signing)) as { sub: string }).sub, 'sub-1');
    await assert.rejects(judge(thief.signing));
  });

  test(`ASSERTION-17: an assertion by oauth4webapi with ${alg} is accepted, for this issuer only`, async () => {
    const keys = await oauth.generateKeyPair(alg === 'EdDSA' ? 'Ed25519' : alg, { extractable: true });
    const key = await importPublicKey(await jose.exportJWK(keys.publicKey));
    const authentication = oauth.PrivateKeyJwt({ key: keys.privateKey, kid: key.kid });
    const { body } = await caught((sender) =>
      oauth.clientCredentialsGrantRequest(as, client, authentication, {}, { [oauth.customFetch]: sender }),
    );
    const assertion = body.get('client_assertion') ?? '';
    const expected = { issuer, now: now(), findKeys: () => [key] };
    assert.equal((await verifyAssertion(assertion, expected)).clientId, clientId);
    await assert.rejects(verifyAssertion(assertion, { ...expected, issuer: 'https://other.example' }), {
      code: 'assertion_audience_unexpected',
    });
  });
}

for (const alg of algorithmNames) {
  test(`PROOF-19: jose reads our ${alg} proof, and we accept one it makes`, async () => {
    const jwk = await generatePrivateJwk(alg);
    const signing = await importSigningKey(jwk);
    const ours = await signProof({ method: 'GET', url, now: now() }, signing);
    const { payload } = await jose.jwtVerify(ours, jose.EmbeddedJWK, { typ: 'dpop+jwt', algorithms: [alg] });
    assert.deepEqual([payload['htm'], payload['htu']], ['GET', url]);
    const theirs = await new jose.SignJWT({ htm: 'GET', htu: url, jti: 'jti' })
      .setProtectedHeader({ typ: 'dpop+jwt', alg, jwk: signing.jwk })
      .setIssuedAt(now())
      .sign(await jose.importJWK(jwk, alg));
    assert.equal(
      (await verifyProof(theirs, { method: 'GET', url, tokenHash: undefined, now: now() })).thumbprint,
      signing.kid,
    );
  });
}

const rfc = sharedVectors('rfc-examples.json');
test(
  'PROOF-19: the proofs printed in RFC 9449 are accepted at their time',
  { skip: 'skip' in rfc && rfc.skip },
  async () => {
    if ('skip' in rfc) return;
    const examples = rfc.value as Record<
      string,
      { proof: string; jkt: string; payload: { iat: number; jti: string }; access_token?: string }
    >;
    const requests = [
      ['rfc9449_token_request', 'POST', 'https://server.example.com/token'],
      ['rfc9449_resource_request', 'GET', 'https://resource.example.org/protectedresource'],
    ] as const;
    for (const [name, method, target] of requests) {
      const example = examples[name];
      assert.ok(example);
      const tokenHash = example.access_token === undefined ? undefined : await hashText(example.access_token);
      const verified = await verifyProof(example.proof, {
        method,
        url: target,
        tokenHash,
        now: example.payload.iat,
        thumbprint: example.jkt,
      });
      assert.equal(verified.jti, example.payload.jti);
    }
  },
);
