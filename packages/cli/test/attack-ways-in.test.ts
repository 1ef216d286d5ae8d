import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { symbolon, type Ended } from './command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'symbolon-attack-ways-'));
after(() => {
  rmSync(folder, { recursive: true });
});

interface JsonReport {
  readonly trouble?: string;
  readonly counts: Readonly<Record<'accepted' | 'refused' | 'inconclusive' | 'skipped', number>>;
  readonly results: readonly { readonly id: string; readonly verdict: string; readonly why: string }[];
}

describe('ways in', () => {
  test('ATTACK-26: as the issuer that the target trusts, the battery varies claims and the key set', async () => {
    const port = await freePort();
    await using target = await serve((request, response) => {
      isGenuine(request, { issuer: `http://localhost:${port}`, audience: target.url }).then(
        () => response.end('{}'),
        () => response.writeHead(401).end(),
      );
    });
    const { stdout, stderr, code } = await attack(
      `${target.url}/`,
      ...['--as-issuer', String(port), '--claims', '{"tenant":"acme"}'],
      ...['--only', 'claims/exp-,audience/aud-,keys/outage-,keys/unknown-'],
    );
    equal(stderr, '');
    const { results, counts } = JSON.parse(stdout) as JsonReport;
    equal(counts.skipped, 0);
    equal(verdictOf(results, 'claims/exp-long-past'), 'refused');
    equal(verdictOf(results, 'audience/aud-number'), 'refused');
    // With no pause between fetches, each unknown kid makes the target ask us.
    equal(verdictOf(results, 'keys/unknown-kid-fetches'), 'accepted');
    ok(results.some(({ id, verdict }) => id.startsWith('keys/outage-') && verdict === 'accepted'));
    // jose takes a token without exp, unless it is told which claims must be there.
    equal(verdictOf(results, 'claims/exp-missing'), 'accepted');
    equal(code, 1);
  });

  test('ATTACK-25: a target that never answers is waited for as long as the tester says', async () => {
    await using target = await serve(() => undefined);
    const { stdout, code } = await attack(
      `${target.url}/`,
      ...['--token', 'a.b.c', '--timeout', '0.2', '--only', 'token/alg-none'],
    );
    match((JSON.parse(stdout) as JsonReport).trouble ?? '', /no whole answer within 200 ms/);
    equal(code, 3);
    const { stderr } = await attack(`${target.url}/`, '--token', 'a.b.c', '--timeout', 'never');
    match(stderr, /expected seconds/);
  });

  for (const [name, keepsOld] of [
    ['refused by an issuer that uses each up', false],
    ['accepted by one that does not', true],
  ] as const) {
    test(`ATTACK-27: an old refresh token of another make is ${name}`, async () => {
      const office = openOffice(keepsOld);
      await using target = await serve(office.listener);
      const login = join(folder, 'login.mjs');
      writeFileSync(login, `console.log(await (await fetch('${target.url}/login')).text())`);
      const secret = join(folder, 'secret');
      writeFileSync(secret, 'of the client');
      const { stdout } = await attack(
        `${target.url}/me`,
        ...['--token-command', `${process.execPath} ${login}`],
        ...['--refresh', `${target.url}/token`, '--client', 'web', '--client-secret-file', secret],
        ...['--refresh-form-command', 'echo resource=https%3A%2F%2Fapi.example', '--only', 'refresh/'],
      );
      const { results } = JSON.parse(stdout) as JsonReport;
      equal(verdictOf(results, 'refresh/old-after-two'), keepsOld ? 'accepted' : 'refused');
      deepEqual(office.asked(), {
        authorization: `Basic ${Buffer.from('web:of%20the%20client').toString('base64')}`,
        client: 'web',
        resource: 'https://api.example',
      });
    });
  }

  test('ATTACK-28: an authorization endpoint is asked as a browser asks, and a code comes from a command', async () => {
    const asked: string[] = [];
    await using target = await serve((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      asked.push(`${request.method ?? ''} ${url.pathname} ${request.headers.cookie ?? 'no cookie'}`);
      answerAsDesk(url, { request, response, issuer: target.url });
    });
    const print = (code: string): string =>
      `echo "$AUTHORIZATION_URL" | grep -q 'client_id=photos' && echo 'https://photos.example/cb?code=${code}'`;
    const { stdout, stderr } = await attack(
      `${target.url}/me`,
      ...['--token', 'of-alice', '--issuer', target.url, '--app', 'photos', '--app-scope', 'read'],
      ...['--app-redirect', 'https://photos.example/cb', '--authorize-cookie', 'desk=alice'],
      ...['--code-command', print('good'), '--only', 'authorize/type-token,authorize/code-verifier-wrong'],
    );
    equal(stderr, '');
    const { results } = JSON.parse(stdout) as JsonReport;
    equal(verdictOf(results, 'authorize/type-token'), 'refused');
    equal(verdictOf(results, 'authorize/code-verifier-wrong'), 'accepted');
    ok(asked.includes('GET /authorize desk=alice'));
  });

  test('ATTACK-28: an application without its redirect URI is told what to give', async () => {
    const { stderr, code } = await attack('http://localhost:1/', '--token', 'a', '--app', 'photos');
    match(stderr, /--app-redirect/);
    equal(code, 2);
  });

  test('ATTACK-30: the account page is opened with its own cookie, and not with the token of the API', async () => {
    await using target = await serve((request, response) => {
      const isPage = request.url?.startsWith('/account') === true;
      const isIn = isPage
        ? request.headers.cookie === 'page=of-ada'
        : request.headers.authorization === 'Bearer of-alice';
      response.writeHead(isIn ? 200 : 401, { 'www-authenticate': 'Bearer' }).end('an account with a page');
    });
    const { stdout } = await attack(
      `${target.url}/me`,
      ...['--token', 'of-alice', '--account-url', `${target.url}/account`],
      ...['--account-cookie', 'page=of-ada', '--only', 'web/account-with'],
    );
    const { results } = JSON.parse(stdout) as JsonReport;
    for (const name of ['without-credential', 'with-token-for-the-api', 'with-token-for-the-api-as-cookie'])
      equal(verdictOf(results, `web/account-${name}`), 'refused', name);
    const { stderr, code } = await attack(`${target.url}/me`, '--token', 'a', '--account-cookie', 'secret');
    match(stderr, /expected name=value/);
    ok(!stderr.includes('secret'));
    equal(code, 2);
  });

  test('ATTACK-32: a file without a certificate is told so, and a wrong limit too', async () => {
    const file = join(folder, 'no-certificate.pem');
    writeFileSync(file, 'nothing');
    const wrong = await attack('http://localhost:1/', '--token', 'a', '--ca', file);
    match(wrong.stderr, /holds no certificate, expected PEM with --ca/);
    equal(wrong.code, 2);
    const { stderr } = await attack('http://localhost:1/', '--token', 'a', '--hold', '51');
    match(stderr, /at most 50/);
  });

  test('ATTACK-27: without a client the command says what to give', async () => {
    const { stderr, code } = await attack(
      'http://localhost:1/',
      '--token',
      'a',
      '--refresh',
      'http://localhost:1/',
    );
    match(stderr, /with --refresh give --client/);
    equal(code, 2);
  });
});

/** An issuer that compares no verifier, and the API behind it. */
function answerAsDesk(
  { pathname, searchParams }: URL,
  sent: { request: IncomingMessage; response: ServerResponse; issuer: string },
): void {
  const { request, response, issuer } = sent;
  const json = (body: object): ServerResponse =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (pathname === '/me')
    response.writeHead(request.headers.authorization === 'Bearer of-alice' ? 200 : 401).end();
  else if (pathname === '/authorize') {
    const isCode = searchParams.get('response_type') === 'code' && request.headers.cookie === 'desk=alice';
    const location = `https://photos.example/cb?${isCode ? 'code=good' : 'error=invalid_request'}`;
    response.writeHead(303, { location }).end();
  } else if (pathname === '/token') json({ access_token: 'x', token_type: 'Bearer' });
  else if (pathname.startsWith('/.well-known/'))
    json({ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` });
  else response.writeHead(404).end();
}

async function isGenuine(
  { headers }: IncomingMessage,
  { issuer, audience }: { issuer: string; audience: string },
): Promise<void> {
  const token = (headers.authorization ?? '').replace(/^Bearer /, '');
  const { payload } = await jwtVerify(token, keysOf(issuer), { issuer, audience, algorithms: ['EdDSA'] });
  equal(payload['tenant'], 'acme');
}

const keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

function keysOf(issuer: string): ReturnType<typeof createRemoteJWKSet> {
  const keys = keySets.get(issuer) ?? createRemoteJWKSet(new URL(`${issuer}/jwks`), { cooldownDuration: 0 });
  keySets.set(issuer, keys);
  return keys;
}

/** An issuer and its API in one, with refresh tokens that mean nothing to anybody else. */
function openOffice(keepsOld: boolean): { listener: RequestListener; asked: () => unknown } {
  const alive = new Set<string>();
  let asked: unknown;
  const key = randomBytes(32);
  const issue = (): string => {
    const refresh = randomBytes(16).toString('hex');
    alive.add(refresh);
    const input = [{ alg: 'HS256' }, { sub: 'alice', jti: refresh.slice(0, 8), exp: Date.now() / 1000 + 300 }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const mac = createHmac('sha256', key).update(input).digest('base64url');
    return JSON.stringify({ access_token: `${input}.${mac}`, refresh_token: refresh });
  };
  const isOurs = (token: string): boolean => {
    const [header = '', payload = '', mac] = token.split('.');
    return mac === createHmac('sha256', key).update(`${header}.${payload}`).digest('base64url');
  };
  const redeem = async (request: IncomingMessage): Promise<string | undefined> => {
    const form = new URLSearchParams(await bodyOf(request));
    const token = form.get('refresh_token') ?? '';
    const { authorization } = request.headers;
    asked = { authorization, client: form.get('client_id'), resource: form.get('resource') };
    const isAlive = keepsOld ? alive.has(token) : alive.delete(token);
    return isAlive && form.get('grant_type') === 'refresh_token' ? issue() : undefined;
  };
  return {
    asked: () => asked,
    listener: (request, response) => {
      if (request.url === '/login') response.end(issue());
      else if (request.url === '/token')
        void redeem(request).then((answer) =>
          response.writeHead(answer === undefined ? 400 : 200).end(answer),
        );
      else {
        const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
        if (isOurs(token)) response.end(decodeJwt(token).sub);
        else response.writeHead(401).end();
      }
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function verdictOf(results: JsonReport['results'], id: string): string | undefined {
  return results.find((each) => each.id === id)?.verdict;
}

interface Served extends AsyncDisposable {
  readonly url: string;
}

async function serve(listener: RequestListener): Promise<Served> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
    },
  };
}

async function freePort(): Promise<number> {
  const server = await serve(() => undefined);
  await server[Symbol.asyncDispose]();
  return Number(new URL(server.url).port);
}

function attack(...words: readonly string[]): Promise<Ended> {
  return symbolon(['attack', '--json', ...words]);
}
