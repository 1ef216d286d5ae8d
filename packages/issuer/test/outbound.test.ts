import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createOutbound, type Lookup } from '../src/outbound.ts';

/** A server of somebody else's, on loopback, and the port where it listens. */
async function openServer(t: TestContext, answer: RequestListener): Promise<number> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A name server that says something else each time, and the last again and again. */
function saying(...answers: readonly (readonly string[])[]): { lookup: Lookup; asked: string[] } {
  const asked: string[] = [];
  const lookup: Lookup = (hostname) => {
    asked.push(hostname);
    const addresses = answers[Math.min(asked.length, answers.length) - 1] ?? [];
    return Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
  };
  return { lookup, asked };
}

const get = (url: string, within = 5000) => ({ url, method: 'GET', maxBytes: 100, within }) as const;
const notCalled = { message: /this address is not called/ };

void test('AUTHORIZE-44: of several addresses of a name each is judged', async (t) => {
  let heard = 0;
  const port = await openServer(t, (_request, answer) => {
    heard++;
    answer.end('hello');
  });
  const url = `http://app.example:${String(port)}/`;
  const call = (...addresses: readonly string[]) =>
    createOutbound({ loopback: true, lookup: saying(addresses).lookup })(get(url));
  assert.equal((await call('127.0.0.1')).body, 'hello');
  for (const addresses of [
    ['127.0.0.1', '10.0.0.1'],
    ['10.0.0.1', '127.0.0.1'],
    ['127.0.0.1', '::ffff:10.0.0.1'],
    ['127.0.0.1', 'fe80::1'],
    [],
  ])
    await assert.rejects(call(...addresses), notCalled, addresses.join());
  const strict = createOutbound({ loopback: false, lookup: saying(['1.1.1.1', '127.0.0.1']).lookup });
  await assert.rejects(strict(get(`https://app.example:${String(port)}/`)), notCalled);
  assert.equal(heard, 1);
});

void test('AUTHORIZE-44: what is called is the address that was judged, whatever the name says next', async (t) => {
  const port = await openServer(t, (_request, answer) => answer.end('hello'));
  const url = `http://app.example:${String(port)}/`;
  const names = saying(['127.0.0.1'], ['10.0.0.1']);
  const outbound = createOutbound({ loopback: true, lookup: names.lookup });
  assert.equal((await outbound(get(url))).body, 'hello');
  assert.deepEqual(names.asked, ['app.example'], 'the name is asked once');
  await assert.rejects(outbound(get(url)), notCalled, 'and judged with each request');
  const broken = createOutbound({ loopback: true, lookup: () => Promise.reject(new Error('no such name')) });
  await assert.rejects(broken(get(url)), /no such name/);
});

void test(
  'AUTHORIZE-44: who answers nothing, or never ends, is hung up on',
  { timeout: 20_000 },
  async (t) => {
    const silent = await openServer(t, () => undefined);
    const endless = await openServer(t, (_request, answer) => {
      answer.write('a');
    });
    const long = await openServer(t, (_request, answer) => answer.end('x'.repeat(101)));
    const outbound = createOutbound({ loopback: true });
    for (const port of [silent, endless])
      await assert.rejects(outbound(get(`http://127.0.0.1:${String(port)}/`, 100)), {
        name: /AbortError|TimeoutError/,
      });
    await assert.rejects(outbound(get(`http://127.0.0.1:${String(long)}/`)), /longer than 100 bytes/);
  },
);
