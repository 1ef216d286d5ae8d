/**
 * Runs the battery against current releases of real verifiers and writes docs/scoreboard.md: `npm run scoreboard`.
 *
 * Tokens are signed by a test issuer whose key the battery has, so claims are varied too.
 */
import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  attack,
  createOwnKeys,
  forgeKeyFrom,
  mintedCredentials,
  rsaKey,
  startKeySetStage,
  type AttackOptions,
  type CredentialSource,
  type ForgeKey,
  type Report,
} from '@symbolon/attack';
import { format, resolveConfig } from 'prettier';
import { generatePrivateJwk } from '@symbolon/token';
import { scoreboardPage, type Score } from './scoreboard-page.ts';
import { verifiers, type Verifier } from './scoreboard-verifiers.ts';

const page = 'docs/scoreboard.md';
const audience = 'http://localhost:1/scoreboard';
const elsewhere = 'http://localhost:1/elsewhere';
const ownKeys = createOwnKeys('scoreboard');
const signers: Readonly<Record<Verifier['alg'], ForgeKey>> = { RS256: rsaKey(), EdDSA: await newEd25519() };

const scores: Score[] = [];
const wanted = process.argv.slice(2);
for (const verifier of verifiers) {
  if (wanted.length > 0 && !wanted.some((word) => verifier.name.includes(word))) continue;
  const report = await score(verifier);
  scores.push({ name: verifier.name, version: versionOf(verifier), setUp: verifier.setUp, report });
  const { accepted, refused, inconclusive, skipped } = report.counts;
  console.log(
    `${verifier.name}: ${refused} refused, ${accepted} accepted, ${inconclusive} inconclusive, ${skipped} skipped`,
  );
}
if (wanted.length === 0)
  writeFileSync(
    page,
    await format(scoreboardPage(scores, new Date()), { ...(await resolveConfig(page)), parser: 'markdown' }),
  );

async function score({ alg, carrier, start }: Verifier): Promise<Report> {
  const key = signers[alg];
  const kid = thumbprint(key.jwk);
  const jwk = { ...key.jwk, kid, alg, use: 'sig', purpose: 'session' };
  const stage = await startKeySetStage({ keys: [jwk] });
  const pem = createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' }).toString();
  const standing = await start({ issuer: stage.issuer, jwksUri: stage.jwksUri, audience, pem, jwk });
  const holder = forgeKeyFrom((await newEd25519()).privateKey.export({ format: 'jwk' }));
  const signer = { key, header: { alg, kid, typ: alg === 'EdDSA' ? 'at+jwt' : 'JWT' } };
  const bound = carrier === 'dpop' ? { cnf: { jkt: thumbprint(holder.jwk) } } : { crr: 'bearer' };
  const minted = (claims: object): CredentialSource =>
    mintedCredentials({
      signer,
      carrier: carrier === 'dpop' ? { kind: 'dpop', key: holder } : { kind: 'bearer' },
      claims: (at) => ({ ...claimsOf(at, stage.issuer), ...bound, ...claims }),
    });
  const options: AttackOptions = {
    request: { url: standing.url, method: 'GET', headers: [] },
    honest: minted({}),
    second: minted({ sub: 'bob', sh: 'bob'.padEnd(22, '0') }),
    elsewhere: minted({ aud: elsewhere }),
    issuer: stage.issuer,
    signer,
    keySet: { stage, canChange: true },
    ownKeys,
  };
  try {
    return await attack(options);
  } finally {
    standing.close();
    stage.close();
  }
}

function claimsOf({ now, id }: { now: number; id: string }, issuer: string): Record<string, unknown> {
  const times = { iat: now, exp: now + 300, sst: now * 1_000_000 };
  const ids = { jti: id, sid: id, sh: 'alice'.padEnd(22, '0') };
  return { iss: issuer, sub: 'alice', aud: audience, client_id: 'app', scope: 'read', ...times, ...ids };
}

/** RFC 7638. */
function thumbprint({ crv, e, kty, n, x, y }: ForgeKey['jwk']): string {
  const members = Object.entries({ crv, e, kty, n, x, y }).filter(([, value]) => value !== undefined);
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest('base64url');
}

async function newEd25519(): Promise<ForgeKey> {
  return forgeKeyFrom({ ...(await generatePrivateJwk('EdDSA')) });
}

function versionOf({ from }: Verifier): string {
  const manifest: unknown = JSON.parse(readFileSync(`node_modules/${from}/package.json`, 'utf8'));
  return (manifest as { version: string }).version;
}
