import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { calculateJwkThumbprint } from 'jose';
import { selfSigned } from '../../src/keys/certificate.ts';
import type { Carrier, CredentialSource } from '../../src/credentials/credential.ts';
import { mintedCredentials } from '../../src/credentials/credentials.ts';
import { ed25519Key, forgeKeyFrom, p256Key, rsaKey, type ForgeKey } from '../../src/keys/forge-key.ts';
import type { JsonObject } from '../../src/json.ts';
import { startKeySetStage } from '../../src/keys/key-set-stage.ts';
import type { AttackOptions, Signer } from '../../src/options.ts';
import { createRandom } from '../../src/random.ts';
import type { House } from './house.ts';
import type { Answer, Handler, Seen, Target } from './target.ts';

/** A target at its address, and how to attack it. */
export interface Standing {
  readonly options: AttackOptions;
  readonly close: () => void;
}

const path = '/me';
const keys: Readonly<Record<string, () => ForgeKey>> = {
  EdDSA: () => ed25519Key(createRandom('the issuer')),
  ES256: () => p256Key(createRandom('the issuer')),
  RS256: () => issuerRsa,
};
const issuerRsa = rsaKey();
const holderKey = forgeKeyFrom(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }));

/** Starts a target on a free port of loopback, with an issuer whose key set it fetches from the battery. */
export async function standUp(target: Target): Promise<Standing> {
  const alg = target.alg ?? 'EdDSA';
  const key = (keys[alg] ?? keys['EdDSA'])?.() ?? issuerRsa;
  const kid = await calculateJwkThumbprint(key.jwk);
  const jwk = { ...key.jwk, kid, alg: key.alg, use: 'sig', purpose: 'session' };
  const stage = await startKeySetStage({ keys: [jwk] });
  const door: { handle: Handler } = { handle: () => ({ status: 503 }) };
  const { server, scheme, ca } = serverFor(target, (request, response) => {
    read(request)
      .then((seen) => door.handle(seen))
      .catch(() => ({ status: 500 }))
      .then(({ status, headers = {}, body = '' }: Answer) => {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        response.writeHead(status).end(headers['content-encoding'] === 'gzip' ? gzipSync(body) : body);
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const audience = `${scheme}://localhost:${(server.address() as AddressInfo).port}`;
  const signer: Required<Signer> = { key, header: { alg: key.alg, kid, typ: 'at+jwt' } };
  const carrier = await carrierOf(target);
  const minted = (claims: JsonObject = {}): CredentialSource =>
    mintedCredentials({
      signer,
      carrier: carrier.carrier,
      claims: (at) => ({
        ...honestClaims(at, { issuer: stage.issuer, audience }),
        ...carrier.claims,
        ...claims,
      }),
    });
  const house: House = {
    issuer: stage.issuer,
    jwksUri: stage.jwksUri,
    audience,
    otherAudience: 'http://localhost:1/other',
    alg,
    header: signer.header,
    jwk,
    pem: createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' }).toString(),
    signer,
    stage,
    minted,
  };
  const shut = (): void => {
    stage.close();
    server.close();
    server.closeAllConnections();
  };
  const opened = await startOr(shut, () => target.start(house));
  door.handle = opened.handle;
  return {
    options: {
      request: { url: `${audience}${path}`, method: 'GET', headers: [] },
      honest: minted(),
      second: minted({ sub: 'bob', sh: id('bob') }),
      elsewhere: minted({ aud: house.otherAudience }),
      issuer: stage.issuer,
      signer,
      keySet: { stage, canChange: true },
      ...(ca === undefined ? {} : { ca }),
      ...opened.options,
    },
    close: () => {
      opened.close?.();
      shut();
    },
  };
}

/** Over TLS with a certificate that is made here: no key of a test is ever kept. */
function serverFor(
  { tls }: Target,
  listener: RequestListener,
): { server: Server; scheme: 'http' | 'https'; ca?: string } {
  if (tls !== true) return { server: createServer(listener), scheme: 'http' };
  const key = p256Key(createRandom(randomBytes(32).toString('hex')));
  const ca = pemOf(selfSigned(key, 'localhost'));
  const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { server: createTlsServer({ key: pem, cert: ca }, listener), scheme: 'https', ca };
}

function pemOf(certificate: Buffer): string {
  const lines = (certificate.toString('base64').match(/.{1,64}/g) ?? []).join('\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** A target that does not start must not keep the whole run from ending. */
async function startOr<T>(shut: () => void, start: () => Promise<T> | T): Promise<T> {
  try {
    return await start();
  } catch (error) {
    shut();
    throw error;
  }
}

function honestClaims(
  at: { now: number; id: string },
  { issuer, audience }: { issuer: string; audience: string },
): JsonObject {
  return {
    iss: issuer,
    sub: 'alice',
    aud: audience,
    client_id: 'app',
    iat: at.now,
    exp: at.now + 300,
    jti: at.id,
    sid: at.id,
    sst: at.now * 1_000_000,
    sh: id('alice'),
    scope: 'read',
  };
}

function id(word: string): string {
  return word.padEnd(22, '0');
}

async function carrierOf({
  carrier: kind,
  cookieName = '__Host-session',
}: Target): Promise<{ carrier: Carrier; claims: JsonObject }> {
  switch (kind) {
    case 'bearer':
      return { carrier: { kind }, claims: { crr: 'bearer' } };
    case 'cookie':
      return { carrier: { kind, name: cookieName }, claims: { crr: 'cookie' } };
    case 'dpop':
      return {
        carrier: { kind, key: holderKey },
        claims: { cnf: { jkt: await calculateJwkThumbprint(holderKey.jwk) } },
      };
  }
}

async function read(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = '', url = '', headers, rawHeaders } = request;
  return { method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString('utf8') };
}
