import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { attack, choose } from '../src/attack.ts';
import { battery } from '../src/battery.ts';
import { givenCredential } from '../src/credentials/credentials.ts';
import { segment, signingInput } from '../src/forge.ts';
import { createOwnKeys } from '../src/keys/own-keys.ts';
import type { AttackOptions } from '../src/options.ts';
import type { Report, Result } from '../src/report/report.ts';
import { requirementOf } from '../src/run/summary.ts';

const token = `${signingInput({ alg: 'EdDSA', typ: 'at+jwt' }, { sub: 'alice' })}.${segment(Buffer.alloc(64, 7))}`;

describe('the battery', () => {
  test('ATTACK-3: there are 250 attacks at least, each with an id, a reason, a fix and a weakness', () => {
    ok(battery.length >= 250, `${battery.length} attacks`);
    equal(new Set(battery.map(({ id }) => id)).size, battery.length);
    for (const { id, why, fix, title, maps } of battery) {
      match(id, /^[a-z]+\/[a-z0-9-]+$/);
      ok(why.length > 20 && fix.length > 20 && title.length > 5, id);
      ok(maps.cwe.length > 0 && maps.cwe.every((cwe) => /^CWE-\d+$/.test(cwe)), id);
    }
  });

  test('ATTACK-4: what lacks something is skipped and says what to give; what was not tried is never refused', async () => {
    await using target = await serve(strict);
    const report = await attackAt(target, { only: [] });
    const needy = battery.filter(({ needs }) => needs.includes('signer')).map(({ id }) => id);
    ok(needy.length > 0);
    for (const id of needy) equal(resultOf(report, id).verdict, 'skipped', id);
    match(resultOf(report, 'keys/signer-rs512').why, /--signing-key/);
    for (const { verdict, exchanges, id } of report.results)
      if (verdict === 'refused') ok(exchanges.length > 0, `${id} was refused without an exchange`);
  });

  test('ATTACK-14: a word names one attack or the beginning of several', () => {
    equal(choose(['token/alg-none']).length, 1);
    ok(choose(['token/alg-none-']).length > 1);
    ok(choose(['token/']).every(({ family }) => family === 'token'));
  });

  test('ATTACK-14: a word that names none is a TypeError', async () => {
    await rejects(attackAt({ url: 'http://localhost:1/' }, { only: ['nothing/'] }), TypeError);
  });
});

const answers: readonly (readonly [status: number, headers: Record<string, string>, verdict: string])[] = [
  [200, {}, 'accepted'],
  [204, {}, 'accepted'],
  [400, {}, 'refused'],
  [401, {}, 'refused'],
  [403, {}, 'refused'],
  [413, {}, 'refused'],
  [414, {}, 'refused'],
  [429, {}, 'refused'],
  [431, {}, 'refused'],
  [302, { location: '/elsewhere' }, 'inconclusive'],
  [404, {}, 'inconclusive'],
  [405, {}, 'inconclusive'],
  [500, {}, 'inconclusive'],
  [502, {}, 'inconclusive'],
  [503, {}, 'inconclusive'],
];

describe('verdicts', () => {
  for (const [status, headers, verdict] of answers) {
    test(`ATTACK-5: an attack that is answered ${status} is ${verdict}`, async () => {
      await using target = await serve((request, response) => {
        if (isHonest(request)) response.end('welcome');
        else if (request.headers.authorization === undefined) response.writeHead(401).end();
        else response.writeHead(status, headers).end();
      });
      equal((await one(target)).verdict, verdict);
    });
  }

  test('ATTACK-5: a redirect to where strangers are sent is a refusal', async () => {
    await using target = await serve((request, response) => {
      if (isHonest(request)) response.end('welcome');
      else response.writeHead(302, { location: `/login?next=${request.url ?? ''}` }).end();
    });
    equal((await one(target)).verdict, 'refused');
  });

  for (const [name, strangers, verdict] of [
    ['is refused where strangers are answered so', 404, 'refused'],
    ['is in doubt where strangers are answered otherwise', 401, 'inconclusive'],
  ] as const) {
    test(`ATTACK-5: an attack by another method that is answered 404 ${name}`, async () => {
      await using target = await serve((request, response) => {
        const { method, headers } = request;
        if (isHonest(request) && method === 'GET') response.end('welcome');
        else if (method === 'GET') response.writeHead(401).end();
        else response.writeHead(headers.authorization === undefined ? strangers : 404).end();
      });
      const report = await attackAt(target, {
        honest: givenCredential({
          token,
          carrier: { kind: 'dpop', key: createOwnKeys('a holder')('EdDSA') },
        }),
        only: ['proof/method-by-x-http-method'],
      });
      equal(resultOf(report, 'proof/method-by-x-http-method').verdict, verdict);
    });
  }

  test('ATTACK-6: an attack after which the honest request fails is tried again and then in doubt', async () => {
    let attacks = 0;
    let isDown = false;
    await using target = await serve((request, response) => {
      if (isHonest(request)) {
        response.writeHead(isDown ? 503 : 200).end();
        isDown = false;
      } else {
        const isAttack = request.headers.authorization !== undefined;
        attacks += isAttack ? 1 : 0;
        isDown = isAttack;
        response.writeHead(401).end();
      }
    });
    const result = await one(target);
    equal(result.verdict, 'inconclusive');
    match(result.why, /honest request after it failed/);
    equal(attacks, 2);
  });

  test('ATTACK-7: what was accepted stays a finding, though the target is gone after it', async () => {
    let isDown = false;
    await using target = await serve((request, response) => {
      const isAttack = request.headers.authorization !== undefined && !isHonest(request);
      response.writeHead(isDown ? 503 : isAttack || isHonest(request) ? 200 : 401).end();
      isDown ||= isAttack;
    });
    equal((await one(target)).verdict, 'accepted');
  });

  test('ATTACK-8: a target that does not take the honest token is trouble', async () => {
    await using target = await serve((_, response) => response.writeHead(401).end());
    const report = await attackAt(target, { only: ['token/alg-none'] });
    match(report.trouble ?? '', /not accepted \(401/);
    equal(report.counts.inconclusive, 1);
  });

  test('ATTACK-8: a target that answers everybody alike is trouble, unless a text tells', async () => {
    await using target = await serve((request, response) =>
      response.end(isHonest(request) ? 'Hello, alice' : 'Sign in'),
    );
    match((await attackAt(target, { only: ['token/alg-none'] })).trouble ?? '', /nothing is protected/);
    const report = await attackAt(target, { only: ['token/alg-none'], marker: 'Hello' });
    equal(report.results[0]?.verdict, 'refused');
  });

  test('ATTACK-9: the requirement is met, not met or not shown', () => {
    const standing = (...results: readonly (readonly [string, Result['verdict']])[]): string => {
      const listed = results.map(([id, verdict]) => ({
        id,
        verdict,
        family: '',
        title: '',
        why: '',
        exchanges: [],
        ms: 0,
      }));
      return requirementOf({ results: listed }).standing;
    };
    const all = [
      'token',
      'signature',
      'keys',
      'encoding',
      'claims',
      'audience',
      'replay',
      'secrets',
      'resources',
    ];
    const met = all.map((family) => [`${family}/a`, 'refused'] as const);
    equal(standing(...met), 'met');
    equal(standing(...met, ['keys/b', 'accepted']), 'not met');
    equal(standing(...met, ['web/b', 'accepted']), 'not met');
    equal(standing(...met, ['keys/b', 'inconclusive']), 'not shown');
    equal(standing(...met, ['keys/b', 'skipped']), 'met');
    equal(standing(...met.slice(1)), 'met');
    equal(standing(...met.slice(2)), 'not shown');
  });
});

describe('manners', () => {
  const strangers: readonly Partial<AttackOptions>[] = [
    { request: { url: 'https://api.example.com/', method: 'GET', headers: [] } },
    { request: { url: 'http://localhost.example.com/', method: 'GET', headers: [] } },
    { request: { url: 'http://127.0.0.1.example.com/', method: 'GET', headers: [] } },
    { issuer: 'https://id.example.com' },
    { jwksUri: 'https://id.example.com/jwks' },
    { account: 'https://api.example.com/account' },
    { tokenEndpoint: 'https://id.example.com/token' },
  ];
  for (const options of strangers) {
    test(`ATTACK-10: ${JSON.stringify(Object.values(options)[0])} is not attacked unless it is named`, async () => {
      await rejects(attackAt({ url: 'http://localhost:1/' }, options), /--i-am-authorised/);
      await rejects(
        attackAt({ url: 'http://localhost:1/' }, { ...options, authorised: ['example.com'] }),
        /--i-am-authorised/,
      );
    });
  }

  test('ATTACK-10: this machine needs no name, and a named host is attacked', async () => {
    await using target = await serve(strict);
    equal((await one(target)).verdict, 'refused');
    const named = attackAt(
      { url: 'http://nobody.invalid/' },
      { authorised: ['nobody.invalid'], only: ['token/alg-none'] },
    );
    match((await named).trouble ?? '', /unreachable/);
  });

  test('ATTACK-11: without consent nothing is done that may do harm', async () => {
    await using target = await serve(strict);
    const report = await attackAt(target, { only: [] });
    for (const { id, needs } of battery)
      if (needs.includes('destructive')) equal(resultOf(report, id).verdict, 'skipped');
  });

  test('ATTACK-12: requests keep to the rate', async () => {
    await using target = await serve(strict);
    const started = performance.now();
    await attackAt(target, { only: ['token/alg-none'], rate: 20 });
    // Two to learn the target's manner, one before, one attack, one after: four pauses.
    ok(performance.now() - started > 4 * 45);
  });

  test('ATTACK-13: the same seed tries the same tokens in the same order', async () => {
    const [first, second, other] = [await tried('seed'), await tried('seed'), await tried('another')];
    deepEqual(first, second);
    ok(JSON.stringify(first) !== JSON.stringify(other));
  });
});

async function tried(seed: string): Promise<string[]> {
  const seen: string[] = [];
  await using target = await serve((request, response) => {
    seen.push(request.headers.authorization ?? '');
    strict(request, response);
  });
  await attackAt(target, {
    seed,
    only: ['token/signature-random', 'token/signature-of-own-key', 'token/alg-'],
  });
  return seen;
}

interface Served extends AsyncDisposable {
  readonly url: string;
}

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<Served> {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
    },
  };
}

function isHonest({ headers }: IncomingMessage): boolean {
  return headers.authorization === `Bearer ${token}` || headers.authorization === `DPoP ${token}`;
}

function strict(request: IncomingMessage, response: ServerResponse): void {
  if (isHonest(request)) response.end('{"sub":"alice"}');
  else response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
}

function attackAt({ url }: { url: string }, options: Partial<AttackOptions>): Promise<Report> {
  return attack({
    request: { url, method: 'GET', headers: [] },
    honest: givenCredential({ token, carrier: { kind: 'bearer' } }),
    ...options,
  });
}

async function one(target: Served): Promise<Result> {
  return resultOf(await attackAt(target, { only: ['token/alg-none'] }), 'token/alg-none');
}

function resultOf({ results }: Report, id: string): Result {
  const found = results.find((each) => each.id === id);
  if (found === undefined) throw new Error(`${id} was not reported`);
  return found;
}
