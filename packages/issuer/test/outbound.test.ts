import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createLookup, type Lookup } from '../src/outbound/name-lookup.ts';
import { createOutbound } from '../src/outbound/outbound.ts';
import { createReadings } from '../src/outbound/readings.ts';

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

void test('AUTHORIZE-55: eight are read at once, each host’s in their order, as many wait, and the next is told to come again', async () => {
  const readings = createReadings();
  const { promise: gate, resolve: release } = Promise.withResolvers<undefined>();
  const begun: string[] = [];
  const read = (host: string, name = host) =>
    readings.run(host, async () => {
      begun.push(name);
      await gate;
      if (name === 'a fails') throw new Error('no answer');
    });
  const first = [read('a', 'a 1'), read('a', 'a fails'), read('a', 'a 3'), read('a', 'a 4')];
  const full = { code: 'readings_exceeded', status: 503, detail: { retryAfter: 5 } };
  await assert.rejects(read('a', 'a 5'), full);
  const others = Array.from({ length: 12 }, (_, at) => read(`host ${String(at)}`));
  assert.equal(begun.length, 8, 'two of one host, and six others');
  await assert.rejects(read('one more'), full);
  assert.throws(() => {
    readings.demandRoom('one more');
  }, full);
  release(undefined);
  const done = await Promise.allSettled([...first, ...others]);
  assert.deepEqual(
    done.map(({ status }) => status).filter((status) => status === 'rejected'),
    ['rejected'],
    'what failed itself',
  );
  assert.deepEqual(
    begun.filter((name) => name.startsWith('a ')),
    ['a 1', 'a fails', 'a 3', 'a 4'],
  );
  assert.equal(begun.length, 16);
  await read('one more');
  assert.equal(begun.length, 17);
});

void test('AUTHORIZE-44: names whose servers are silent hold up no look-up of another', async (t) => {
  const server = createSocket('udp4');
  const silent: string[] = [];
  server.on('message', (question, from) => {
    const length = question[12] ?? 0;
    const name = question.subarray(13, 13 + length).toString();
    const end = question.indexOf(0, 12) + 5;
    if (name.startsWith('silent')) silent.push(name);
    else if (question[end - 3] === 1)
      server.send(answerOf(question.subarray(0, end)), from.port, from.address);
    else server.send(emptyOf(question.subarray(0, end)), from.port, from.address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const lookup = createLookup({ servers: [`127.0.0.1:${String(server.address().port)}`] });
  const slow = Array.from({ length: 20 }, (_, at) => lookup(`silent${String(at)}.example`));
  const failed = Promise.allSettled(slow);
  let over = false;
  void failed.then(() => (over = true));
  assert.deepEqual(await lookup('good.example'), [{ address: '192.0.2.7', family: 4 }]);
  assert.equal(over, false, 'while all the others wait');
  assert.deepEqual(new Set((await failed).map(({ status }) => status)), new Set(['rejected']));
  assert.ok(silent.length >= 20);
});

/** The question again, with one address: 192.0.2.7. */
function answerOf(question: Buffer): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(0x81_80, 2);
  head.writeUInt16BE(1, 6);
  head.writeUInt16BE(0, 10);
  return Buffer.concat([head, Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7])]);
}

/** The question again, with no address. */
function emptyOf(question: Buffer): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(0x81_80, 2);
  head.writeUInt16BE(0, 10);
  return head;
}
