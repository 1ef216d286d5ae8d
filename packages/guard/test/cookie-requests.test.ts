import { createGuard, type Guard } from '@symbolon/guard';
import { protect as protectNode } from '@symbolon/guard/node';
import fc from 'fast-check';
import { equal, throws } from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { audience, createScene, randomId, refuses, view, type Scene } from './support.ts';

const name = '__Host-session';

/** A scene whose guard reads a cookie, and a token that is bound to it. */
async function createCookieScene(): Promise<Scene & { token: string; visit: () => Promise<unknown> }> {
  const scene = await createScene({ cookie: name, bearer: 'accept' });
  const token = await scene.issuer.token({ crr: 'cookie' });
  return { ...scene, token, visit: () => scene.guard.authenticate(view({ cookie: `${name}=${token}` })) };
}

describe('GUARD-60: a token that is bound to a cookie comes in the cookie that the guard was told', () => {
  test('GUARD-60: it is taken wherever it stands among others, and holders are served as ever', async () => {
    const { guard, token, honest } = await createCookieScene();
    for (const cookie of [
      `${name}=${token}`,
      `a=1; ${name}=${token}; b="2"`,
      `a=1;${name}=${token}`,
      `\t ${name}=${token} `,
      `${name.toLowerCase()}=x; ${name}=${token}`,
    ]) {
      equal((await guard.authenticate(view({ cookie }))).carrier.kind, 'cookie');
    }
    equal((await honest()).carrier.kind, 'key');
  });

  test('GUARD-60: without it, or with an empty one, a token is missing', async () => {
    const { guard, token, visit } = await createCookieScene();
    for (const cookie of [`${name}=`, '', `session=${token}`, name, `=${token}`]) {
      await refuses(guard.authenticate(view({ cookie })), 'token_missing');
    }
    await visit();
  });

  test('GUARD-60: a name that no cookie has stops the guard from being made', () => {
    for (const cookie of ['', 'a b', 'a=b', 'a;b', 'é', '"a"', 7]) {
      const make = (): Guard =>
        createGuard({ issuer: audience, audience, staleFeed: 'accept', cookie: cookie as string });
      throws(make, /unexpected cookie, expected a cookie's name/);
    }
  });
});

test('GUARD-61: a token is taken from the carrier that it is bound to, and from no other', async () => {
  const { guard, issuer, holder, token, visit, honest } = await createCookieScene();
  const proof = await holder.proof({ token });
  await refuses(guard.authenticate(view({ authorization: `Bearer ${token}` })), 'token_carrier_unexpected');
  await refuses(
    guard.authenticate(view({ authorization: `DPoP ${token}`, dpop: proof })),
    'token_carrier_unexpected',
  );
  for (const other of [await holder.token(), await issuer.token()]) {
    await refuses(guard.authenticate(view({ cookie: `${name}=${other}` })), 'token_carrier_unexpected');
  }
  await honest();
  await visit();
});

test('GUARD-62: two credentials in one request are refused', async () => {
  const { guard, issuer, holder, token, visit, honest } = await createCookieScene();
  const cookie = `${name}=${token}`;
  const another = await issuer.token({ crr: 'cookie' });
  const bound = await holder.token();
  const headers = await holder.headers({ token: bound });
  const twice = [
    { cookie: `${cookie}; ${name}=${another}` },
    { cookie: `${cookie}; ${cookie}` },
    { cookie: `${name}=; ${cookie}` },
    { cookie, ...headers },
    { cookie, authorization: `Bearer ${await issuer.token()}` },
    { cookie, authorization: `Basic bWU6c2VjcmV0, dpop ${bound}` },
  ];
  for (const request of twice) {
    equal((await refuses(guard.authenticate(view(request)), 'credentials_multiple')).status, 400);
  }
  await refuses(
    guard.authenticate(view({ cookie, dpop: headers['dpop'] ?? '' })),
    'token_carrier_unexpected',
  );
  // What stands before a server, asking for a password of its own, is not our credential.
  await guard.authenticate(view({ cookie, authorization: 'Basic bWU6c2VjcmV0' }));
  await visit();
  await honest();
});

describe('GUARD-63: no other cookie ever becomes this one', () => {
  test('GUARD-63: neither by its value nor by what stands before its name', async () => {
    const { guard, token, visit } = await createCookieScene();
    const smuggled = [
      `a=x, ${name}=${token}`,
      `a="x; y", ${name}=${token}`,
      `\u00a0${name}=${token}`,
      `\u2000${name}=${token}`,
      `\u000b${name}=${token}`,
      `${name} =${token}`,
      `$Version=1, ${name}=${token}`,
      `a=${name}=${token}`,
      `x${name}=${token}`,
      `__host-session=${token}`,
    ];
    for (const cookie of smuggled) {
      const request = { ...view({}), headers: new Map([['cookie', cookie]]) };
      await refuses(guard.authenticate(request), 'token_missing');
    }
    await visit();
  });

  test('GUARD-63: no text in the header is ever a fault', async () => {
    const { guard, token, visit } = await createCookieScene();
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(name, `${name}=`, ';', '; ', ',', '=', '"', '\t', token.slice(0, -1), randomId()),
    );
    const header = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    await fc.assert(
      fc.asyncProperty(header, async (cookie) => {
        const outcome = await guard
          .authenticate({ ...view({}), headers: new Map([['cookie', cookie]]) })
          .catch((error: unknown) => error);
        equal(outcome instanceof Error && outcome.name, 'AuthError');
      }),
    );
    await visit();
  });
});

describe('GUARD-64: what changes something is asked by a page of this origin', () => {
  const foreign: Record<string, string>[] = [
    {},
    { origin: 'null' },
    { origin: 'https://evil.example' },
    { origin: `${audience}.evil.example` },
    { origin: 'http://api.example' },
    { origin: `${audience}:8443` },
    { origin: '' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: audience },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': '' },
    { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site', origin: audience },
    { referer: `${audience}/orders` },
  ];
  const own: Record<string, string>[] = [
    { origin: audience },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'same-origin', origin: audience },
    { 'sec-fetch-site': 'same-origin', origin: 'null' },
  ];

  test('GUARD-64: by whichever method', async () => {
    const { guard, token } = await createCookieScene();
    const cookie = `${name}=${token}`;
    const ask = (method: string, headers: Record<string, string>): Promise<unknown> =>
      guard.authenticate(view({ cookie, ...headers }, { method }));
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'get', 'PROPFIND']) {
      for (const headers of foreign) {
        const refusal = await refuses(ask(method, headers), 'request_cross_site');
        equal(refusal.status, 403);
      }
      for (const headers of own) await ask(method, headers);
    }
    for (const method of ['GET', 'HEAD', 'OPTIONS'])
      for (const headers of foreign) await ask(method, headers);
  });

  test('GUARD-64: and before a WebSocket is opened', async () => {
    const { guard, token } = await createCookieScene();
    const ask = (headers: Record<string, string>): Promise<unknown> =>
      guard.authenticate(view({ cookie: `${name}=${token}`, connection: 'Upgrade', ...headers }));
    for (const upgrade of ['websocket', 'WebSocket']) {
      for (const headers of foreign) await refuses(ask({ upgrade, ...headers }), 'request_cross_site');
      for (const headers of own) await ask({ upgrade, ...headers });
    }
    await ask({});
  });

  test('GUARD-64: a holder, whose credential no browser adds by itself, is not asked where from', async () => {
    const { honest } = await createCookieScene();
    await honest(undefined, { method: 'POST' });
  });
});

test('GUARD-65: what is longer than any token is refused unread', async () => {
  const { guard, token, visit } = await createCookieScene();
  const long = 'a'.repeat(8193);
  await refuses(guard.authenticate(view({ cookie: `${name}=${long}` })), 'token_too_long');
  await refuses(guard.authenticate(view({ cookie: `${name}=${token}; b=${long}${long}` })), 'token_too_long');
  await refuses(guard.authenticate(view({ cookie: `${name}=${long.slice(2)}` })), 'token_malformed');
  await visit();
});

test('GUARD-66: a cookie’s token is judged as any other', async () => {
  const { guard, issuer, clock, visit } = await createCookieScene();
  const ask = async (claims: object, requirement = {}): Promise<unknown> => {
    const token = await issuer.token({ crr: 'cookie', ...claims });
    return guard.authenticate(view({ cookie: `${name}=${token}` }), requirement);
  };
  await ask({ scope: 'read' }, { scope: 'read' });
  await refuses(ask({ scope: 'read' }, { scope: 'write' }), 'scope_insufficient');
  await refuses(ask({}, { presentWithin: '5m' }), 'presence_required');
  await refuses(ask({ aud: 'https://other.example' }), 'token_audience_unexpected');
  await visit();
  clock.advance(301_000);
  await refuses(visit(), 'token_expired');
});

test('GUARD-60: cookies that a connection brings one by one are read as one header', async (t) => {
  const { guard, token } = await createCookieScene();
  const server = createServer(
    protectNode(guard, (_request, response, session) => response.end(session.carrier.kind)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const ask = (cookies: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        const lines = cookies.map((cookie) => `Cookie: ${cookie}\r\n`).join('');
        socket.write(`GET /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}\r\n`);
      });
      let text = '';
      socket.setEncoding('utf8');
      socket.on('data', (chunk: string) => (text += chunk));
      socket.on('end', () => {
        resolve(text);
      });
      socket.on('error', reject);
    });
  equal((await ask(['a=1', `${name}=${token}`])).endsWith('cookie'), true);
  equal((await ask([`${name}=${token}`, `${name}=${token}`])).startsWith('HTTP/1.1 400 '), true);
});
