import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import sodium from 'sodium-native';
import { serveBench } from '../harness/serve-bench.ts';
import { publicClient, scope, type OfficeIntroduction, type OfficeMaterial } from '../offices.ts';
import { audience, issuer } from '../tokens.ts';

type Sign = (data: Buffer) => Buffer;
type Backend = 'sodium-native' | 'node:crypto';

const kid = id(32);
const accessHeader = encode({ alg: 'EdDSA', kid, typ: 'at+jwt' });
const refreshHeader = encode({ alg: 'EdDSA', kid, typ: 'refresh+jwt' });

// The least a server can do that answers with the same signed text: it reads the request and believes it.
serveBench(
  async ({ backend, holders }: OfficeMaterial & { backend: Backend }): Promise<OfficeIntroduction> => {
    const signBytes = backend === 'sodium-native' ? signerOfSodium() : signerOfNode();
    const server = createServer((request, response) => {
      void readBody(request).then((body) => {
        const answer = JSON.stringify(answerTo(body, signBytes));
        const length = Buffer.byteLength(answer);
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': length }).end(answer);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const refreshTokens = holders.map(() => refreshToken(signBytes));
    return { port, issuer, tokenUrl: `${issuer}/token`, path: '/token', refreshTokens };
  },
);

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('latin1')) body += String(chunk);
  return body;
}

/** What our issuer answers: a machine gets a session token, a person's holder a refresh token too. */
function answerTo(body: string, signBytes: Sign): object {
  const tokens = {
    access_token: sessionToken(signBytes),
    token_type: 'DPoP',
    expires_in: 300,
    scope,
    sid: id(16),
  };
  return body.startsWith('grant_type=refresh_token')
    ? { ...tokens, refresh_token: refreshToken(signBytes), generation: 2 }
    : tokens;
}

function sessionToken(signBytes: Sign): string {
  const now = Math.floor(Date.now() / 1000);
  return signed(accessHeader, {
    claims: {
      iss: issuer,
      sub: id(16),
      aud: audience,
      client_id: publicClient,
      iat: now,
      exp: now + 300,
      jti: id(16),
      sid: id(16),
      sst: now * 1_000_000,
      sh: id(16),
      auth_time: now,
      scope,
      cnf: { jkt: kid },
    },
    signBytes,
  });
}

function refreshToken(signBytes: Sign): string {
  const exp = Math.floor(Date.now() / 1000) + 2_592_000;
  return signed(refreshHeader, { claims: { iss: issuer, aud: issuer, sid: id(16), gen: 1, exp }, signBytes });
}

function signed(header: string, { claims, signBytes }: { claims: object; signBytes: Sign }): string {
  const text = `${header}.${encode(claims)}`;
  return `${text}.${signBytes(Buffer.from(text, 'latin1')).toString('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function id(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

function signerOfNode(): Sign {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return (data) => sign(null, data, key);
}

function signerOfSodium(): Sign {
  const publicKey = Buffer.alloc(32);
  const secretKey = Buffer.alloc(64);
  sodium.crypto_sign_keypair(publicKey, secretKey);
  return (data) => {
    const signature = Buffer.alloc(64);
    sodium.crypto_sign_detached(signature, data, secretKey);
    return signature;
  };
}
