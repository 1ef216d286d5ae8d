import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import {
  generatePrivateJwk,
  importSigningKey,
  publishedJwk,
  signAssertion,
  signProof,
  signRefreshToken,
  signSessionToken,
  type SessionTokenClaims,
  type SigningKey,
} from '@symbolon/token';
import { symbolon, temporaryFolder } from './command-line.ts';

interface Inspected {
  readonly kind: string;
  readonly verdict: string;
  readonly checks: readonly { readonly check: string; readonly result: string; readonly code?: string }[];
}

const folder = temporaryFolder();
const jwks = join(folder, 'jwks.json');
const now = Math.floor(Date.now() / 1000);
const issuer = 'https://issuer.example.com';
const audience = 'https://api.example.com';
let key: SigningKey;

before(async () => {
  key = await importSigningKey(await generatePrivateJwk());
  writeFileSync(jwks, JSON.stringify({ keys: [publishedJwk(key, 'session')] }));
});

function sign(changes: Partial<SessionTokenClaims> = {}): Promise<string> {
  const id = 'A'.repeat(22);
  const ids = { jti: id, sid: id, sh: id };
  const who = { iss: issuer, sub: 'subject', aud: audience, client_id: 'client' };
  const when = { iat: now, exp: now + 300, sst: now * 1_000_000 };
  return signSessionToken({ ...who, ...ids, ...when, cnf: { jkt: key.kid }, ...changes }, key);
}

const against = ['--jwks', jwks, '--issuer', issuer, '--audience', audience];

async function inspect(stdin: string, words = against): Promise<Inspected & { code: number | null }> {
  const { code, stdout, stderr } = await symbolon(['inspect', '--json', ...words], { stdin, data: folder });
  assert.equal(stderr, '');
  return { code, ...(JSON.parse(stdout) as Inspected) };
}

const refusals = ({ checks }: Inspected): readonly (string | undefined)[] =>
  checks.filter(({ result }) => result === 'refused').map(({ code }) => code);
const unchecked = ({ checks }: Inspected): readonly string[] =>
  checks.filter(({ result }) => result === 'not checked').map(({ check }) => check);

test('a good token passes every check but the one that only a request can', async () => {
  const token = await sign();
  const [bare, answer, header] = await Promise.all([
    inspect(token),
    inspect(JSON.stringify({ access_token: token, token_type: 'DPoP' })),
    inspect(`Authorization: DPoP ${token}\n`),
  ]);
  for (const good of [bare, answer, header]) {
    assert.deepEqual([good.code, good.kind, good.verdict], [0, 'session token', 'good']);
    assert.deepEqual(unchecked(good), ['proof']);
  }
});

test('every fault of a token is named, not only the first', async () => {
  const old = await sign({ iat: now - 400, exp: now - 100, aud: 'https://other.example.com' });
  const forged = await sign().then((token) => `${token.slice(0, -8)}AAAAAAAA`);
  const [expired, tampered, cut, foreign] = await Promise.all([
    inspect(old),
    inspect(forged),
    inspect('not.a-token'),
    inspect(await sign({ iss: 'https://other.example.com' })),
  ]);
  assert.deepEqual(refusals(expired), ['token_audience_unexpected', 'token_expired']);
  assert.deepEqual(refusals(tampered).length, 1);
  assert.match(refusals(tampered)[0] ?? '', /^token_signature_/);
  assert.ok(unchecked(tampered).includes('expiry'), 'claims of a forged token are not judged');
  assert.deepEqual(refusals(cut), ['token_malformed']);
  assert.deepEqual(refusals(foreign), ['token_issuer_unexpected']);
  for (const bad of [expired, tampered, cut, foreign])
    assert.deepEqual([bad.code, bad.verdict], [1, 'refused']);
});

test('without a key nothing is verified, and it says what to do', async () => {
  const { code, stdout } = await symbolon(['inspect', await sign()], { data: folder });
  assert.equal(code, 0);
  assert.match(stdout, /not checked +key +no issuer in .*: give --issuer URL, --jwks FILE or --data DIR/);
  assert.match(stdout, /Not verified: whoever made it, it could say anything\.\n$/);
});

test('a bearer token is marked', async () => {
  const payload = (await sign()).split('.')[1] ?? '';
  const { cnf: _, ...claims } = JSON.parse(
    Buffer.from(payload, 'base64url').toString(),
  ) as SessionTokenClaims;
  const token = await signSessionToken({ ...claims, crr: 'bearer' }, key);
  const { code, stdout } = await symbolon(['inspect', ...against, token]);
  assert.equal(code, 0);
  assert.equal(stdout.match(/BEARER: whoever sees it can use it/g)?.length, 2);
});

test('proofs, assertions and refresh tokens are known by their type', async () => {
  const token = await sign();
  const proof = await signProof({ method: 'GET', url: `${audience}/x`, now, token }, key);
  const stale = await signProof({ method: 'GET', url: `${audience}/x`, now: now - 100, token }, key);
  const assertion = await signAssertion({ clientId: 'client', issuer, now }, key);
  const refresh = await signRefreshToken({ iss: issuer, sid: 'A'.repeat(22), gen: 3, exp: now + 60 }, key);
  const [fresh, old, byClient, byIssuer] = await Promise.all(
    [proof, stale, assertion, refresh].map((text) => inspect(text)),
  );
  assert.ok(fresh && old && byClient && byIssuer);
  assert.deepEqual([fresh.kind, fresh.verdict], ['proof', 'good']);
  assert.deepEqual(unchecked(fresh), ['method', 'url', 'token', 'replay']);
  assert.deepEqual(refusals(old), ['proof_expired']);
  assert.deepEqual([byClient.kind, byClient.verdict], ['assertion', 'good']);
  assert.deepEqual([byIssuer.kind, byIssuer.verdict], ['refresh token', 'unverified']);
});

test('what a token says cannot steer the terminal', async () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ typ: 'at+jwt', '\u001b]0;x': 1 })}.${part({ sub: '\u001b[2J\u202e' })}.AAAA`;
  const { code, stdout } = await symbolon(['inspect', text, ...against]);
  assert.equal(code, 1);
  for (const steering of ['\u001b', '\u202e']) assert.ok(!stdout.includes(steering));
  assert.match(stdout, /\\u\{1b\}\[2J\\u\{202e\}/);
});

test('nothing on stdin is a wrong call', async () => {
  const { code, stderr } = await symbolon('inspect');
  assert.equal(code, 2);
  assert.match(stderr, /nothing came in on stdin/);
});

test('CLI-9: a damaged key set, or damaged settings, are named and not quoted', async () => {
  const damaged = join(folder, 'damaged.json');
  writeFileSync(damaged, 'gR3at-s3cret"');
  const set = await symbolon(['inspect', '--jwks', damaged, '--issuer', issuer], {
    stdin: await sign(),
  });
  assert.deepEqual([set.code, set.stdout], [2, '']);
  assert.match(set.stderr, /damaged\.json is not JSON, expected a key set/);
  writeFileSync(join(folder, 'symbolon.json'), 'gR3at-s3cret"');
  const settings = await symbolon(['doctor', '--data', folder]);
  assert.equal(settings.code, 2);
  assert.match(settings.stderr, /symbolon\.json is not JSON/);
  for (const { stderr } of [set, settings]) assert.ok(!/gR3|s3c/.test(stderr), stderr);
});
