import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { serveIssuer, type Issuer } from '../src/index.ts';
import { openBrowser, openPeopleLab } from './people/people-lab.ts';
import { ask, addApplication, authorizePath, locationOf, openLinkLab, redirectUri } from './authorize/lab.ts';
import { api, issuerUrl } from './support.ts';

async function serve(t: TestContext, issuer: Issuer, said: { behindProxy?: boolean } = {}): Promise<number> {
  const server = await serveIssuer(issuer, { port: 0, ...said });
  t.after(server.close);
  return server.port;
}

/** Tries a recovery code at a port, as a browser does behind a proxy that has added to what it was sent. */
async function tryCode(port: number, forwarded: readonly string[] = []): Promise<number> {
  const headers = new Headers({ origin: issuerUrl, 'sec-fetch-site': 'same-origin' });
  for (const said of forwarded) headers.append('x-forwarded-for', said);
  const body = new URLSearchParams({ account: 'nobody', code: 'AAAA-AAAA-AAAA-AAAA-AAAA' });
  const answer = await fetch(`http://127.0.0.1:${String(port)}/sign-in/recovery`, {
    ...{ method: 'POST', headers, body },
  });
  await answer.text();
  return answer.status;
}

async function tryMany(times: number, attempt: () => Promise<number>): Promise<readonly number[]> {
  const seen = [];
  for (let count = 0; count < times; count++) seen.push(await attempt());
  return seen;
}

const wrong = (times: number): readonly number[] => Array.from({ length: times }, () => 400);

void test('ACCOUNT-36: behind a proxy that nobody told of, people are not one address', async (t) => {
  const { issuer } = await openPeopleLab();
  const port = await serve(t, issuer);
  const seen = await tryMany(12, () => tryCode(port));
  assert.deepEqual(seen, wrong(12), 'everybody comes from the address of the proxy');
  const said = await tryMany(12, () => tryCode(port, ['198.51.100.7']));
  assert.deepEqual(said, wrong(12), 'what anybody may say is not believed');
});

void test('ACCOUNT-36: an issuer that is on loopback itself counts who is connected', async (t) => {
  const { issuer } = await openPeopleLab({ issuer: 'http://localhost' });
  const port = await serve(t, issuer);
  const headers = { origin: 'http://localhost', 'sec-fetch-site': 'same-origin' };
  const attempt = async (): Promise<number> => {
    const body = new URLSearchParams({ account: 'nobody', code: 'AAAA-AAAA-AAAA-AAAA-AAAA' });
    const url = `http://127.0.0.1:${String(port)}/sign-in/recovery`;
    return (await fetch(url, { method: 'POST', headers, body })).status;
  };
  assert.deepEqual(await tryMany(11, attempt), [...wrong(10), 429]);
});

void test('ACCOUNT-36: behind a proxy who asks is what it added last, with or without a port', async (t) => {
  const { issuer } = await openPeopleLab();
  const port = await serve(t, issuer, { behindProxy: true });
  let turn = 0;
  const eve = (): Promise<number> => tryCode(port, [`203.0.113.${String(turn++)}, 192.0.2.1`]);
  assert.deepEqual(await tryMany(11, eve), [...wrong(10), 429], 'what she says herself changes nothing');
  assert.equal(await tryCode(port, ['203.0.113.1', '192.0.2.1:50123']), 429, 'two headers, and a port');
  assert.equal(await tryCode(port, ['::ffff:192.0.2.1']), 429, 'the same in other words');
  assert.equal(await tryCode(port, ['192.0.2.1, 192.0.2.2']), 400, 'another address');
  const ports = await tryMany(11, () => tryCode(port, [`[2001:db8::1]:${String(40_000 + turn++)}`]));
  assert.deepEqual(ports, [...wrong(10), 429]);
  for (const said of [[], [''], ['unknown'], ['_hidden']])
    assert.deepEqual(await tryMany(11, () => tryCode(port, said)), wrong(11), `nobody: ${said.join()}`);
});

const audiences = [{ audience: api, scope: ['read'] }];

void test('AUTHORIZE-57: whom a proxy does not name shares half of what there is, and the others have the rest', async (t) => {
  const people = { registration: { dynamic: { audiences, perHour: 8, perSender: 1 } } };
  const lab = await openLinkLab({ people });
  const port = await serve(t, lab.issuer, { behindProxy: true });
  const register = async (said?: string): Promise<number> => {
    const headers = { 'content-type': 'application/json', ...(said && { 'x-forwarded-for': said }) };
    const body = JSON.stringify({ redirect_uris: ['https://app.example/callback'] });
    const answer = await fetch(`http://127.0.0.1:${String(port)}/register`, {
      method: 'POST',
      headers,
      body,
    });
    return answer.status;
  };
  assert.equal(await register('192.0.2.1'), 201);
  assert.equal(await register('192.0.2.1'), 429, 'whoever is named is counted alone');
  const unnamed = [];
  for (const said of [undefined, 'unknown', '_hidden', undefined, undefined, '_other'])
    unnamed.push(await register(said));
  assert.deepEqual(unnamed, [201, 201, 201, 201, 429, 429]);
  for (const said of ['192.0.2.2', '192.0.2.3', '192.0.2.4']) assert.equal(await register(said), 201);
  lab.clock.advance(3601);
  assert.equal(await register(), 201);
});

void test('AUTHORIZE-57: of waiting requests and documents that are read, too', async () => {
  const lab = await openLinkLab({
    people: { registration: { dynamic: { audiences }, documents: { audiences, perHour: 1, perSender: 1 } } },
  });
  const send = async (client: string, address: string): Promise<Response> => {
    const { parameters } = await ask(client);
    return lab.issuer.fetch(new Request(issuerUrl + authorizePath(parameters)), { address });
  };
  const said = { redirect_uris: [redirectUri] };
  const headers = { 'content-type': 'application/json' };
  const registered = await lab.issuer.fetch(
    new Request(`${issuerUrl}/register`, { method: 'POST', headers, body: JSON.stringify(said) }),
  );
  const { client_id: stranger = '' } = (await registered.json()) as Record<string, string>;
  for (let turn = 0; turn < 1000; turn++) assert.equal((await send(stranger, 'unnamed')).status, 303);
  assert.equal((await send(stranger, 'unnamed')).status, 503, 'of this client');
  assert.equal((await send(stranger, '192.0.2.1')).status, 303);
  const own = await addApplication(lab);
  assert.equal(locationOf(await send(own, 'unnamed')).pathname, '/authorize', 'of another one');
  const read = async (at: number, address: string): Promise<number> =>
    (await send(`https://127.0.0.1/${String(at)}`, address)).status;
  for (let at = 0; at < 5; at++) assert.equal(await read(at, 'unnamed'), 400, 'it cannot be read');
  assert.equal(await read(5, 'unnamed'), 429);
  assert.equal(await read(5, '192.0.2.1'), 400);
  assert.equal(await read(6, '192.0.2.1'), 429, 'whoever is named is counted alone');
  await lab.issuer.close();
});

void test('AUTHORIZE-57: that a proxy names nobody is told to the operator, once an hour', async (t) => {
  const lab = await openLinkLab();
  const port = await serve(t, lab.issuer, { behindProxy: true });
  const get = async (headers: Record<string, string>): Promise<number> => {
    await (await fetch(`http://127.0.0.1:${String(port)}/sign-in`, { headers })).text();
    return lab.faults.length;
  };
  const browser = { accept: 'text/html' };
  assert.equal(await get({}), 0, 'what looks after the server need not come through the proxy');
  assert.equal(await get({ ...browser, 'x-forwarded-for': '192.0.2.1' }), 0);
  assert.equal(await get(browser), 1);
  assert.match(String(lab.faults[0]), /X-Forwarded-For/);
  assert.equal(await get(browser), 1);
  lab.clock.advance(3601);
  assert.equal(await get(browser), 2);
});

void test('ACCOUNT-20: of version 6 a whole /64 is one address, and the oldest of ten thousand is forgotten', async () => {
  const lab = await openPeopleLab();
  const guest = openBrowser(lab);
  const attempt = async (address: string): Promise<number> => {
    // It is counted before anything in it is looked at.
    return (await guest.submit('/sign-in/recovery', { account: 'nobody' }, { address })).status;
  };
  for (let host = 0; host < 10; host++) assert.equal(await attempt(`2001:db8:0:1:${String(host)}::1`), 400);
  assert.equal(await attempt('2001:db8:0:1::ffff'), 429, 'another of the same network');
  assert.equal(await attempt('2001:db8:0:2::1'), 400, 'another network');
  for (let n = 2; n < 10_000; n++) await attempt(`10.0.${String(n >> 8)}.${String(n & 255)}`);
  assert.equal(await attempt('2001:db8:0:1::1'), 429, 'ten thousand are remembered');
  await attempt('10.1.0.0');
  assert.equal(await attempt('2001:db8:0:1::1'), 400, 'then the oldest is forgotten');
  await lab.issuer.close();
});

void test('AUTHORIZE-24: of version 6 a whole /64 leaves so many requests a minute', async () => {
  const lab = await openLinkLab();
  const { parameters } = await ask(await addApplication(lab));
  const from = async (address: string): Promise<number> =>
    (await lab.issuer.fetch(new Request(issuerUrl + authorizePath(parameters)), { address })).status;
  for (let host = 0; host < 120; host++) assert.equal(await from(`2001:db8::${host.toString(16)}`), 303);
  assert.equal(await from('2001:db8::beef'), 429);
  assert.equal(await from('2001:db8:0:1::1'), 303);
  await lab.issuer.close();
});

void test('ACCOUNT-20: a /48 counts as eight of its /64, however many of them it uses', async () => {
  const lab = await openPeopleLab();
  const guest = openBrowser(lab);
  const attempt = async (address: string): Promise<number> =>
    (await guest.submit('/sign-in/recovery', { account: 'nobody' }, { address })).status;
  for (let turn = 0; turn < 80; turn++)
    assert.equal(await attempt(`2001:db8:1:${turn.toString(16)}::1`), 400, String(turn));
  assert.equal(await attempt('2001:db8:1:ffff::1'), 429);
  assert.equal(await attempt('2001:db8:2:1::1'), 400, 'another site');
  await lab.issuer.close();
});
