import { createGuard } from '@symbolon/guard';
import { deepEqual, equal, ok } from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { fakeTimers, type FakeTimers } from './fake-timers.ts';
import {
  audience,
  createScene,
  newKey,
  randomId,
  refuses,
  settled,
  until,
  view,
  type Scene,
} from './support.ts';
import { event } from './test-feed.ts';

async function createStreamScene(): Promise<Scene & Pick<FakeTimers, 'pass' | 'passUntil' | 'waiting'>> {
  const { pass, passUntil, waiting, ...timers } = fakeTimers();
  const scene = await createScene({ bearer: 'accept', staleFeed: 'refuse', timers });
  scene.guard.close();
  scene.clock.advance(-10_000);
  const guard = await scene.another({ identity: scene.issuer.identity });
  await passUntil(() => guard.stats().feed.isStreaming);
  return { ...scene, guard, pass, passUntil, waiting };
}

const isStream = (init: RequestInit): boolean =>
  new Headers(init.headers).get('accept') === 'text/event-stream';
const streamOf = (body: ReadableStream<Uint8Array>): Response =>
  new Response(body, { headers: { 'content-type': 'text/event-stream' } });

describe('a stream', { concurrency: true }, () => {
  test('FEED-40: an end is known the moment it is said on the stream, however its bytes are cut', async () => {
    const { guard, issuer, passUntil } = await createStreamScene();
    const { feed } = issuer;
    const sid = randomId();
    await feed.end('session', sid);
    const bytes = event(await feed.statement());
    let push: ReadableStreamDefaultController<Uint8Array> | undefined;
    feed.answer = (path, init) =>
      path === '' && isStream(init)
        ? streamOf(
            new ReadableStream({
              start: (controller) => {
                push = controller;
              },
            }),
          )
        : path === ''
          ? new Response('', { status: 503 })
          : undefined;
    feed.hangUp();
    await passUntil(() => push !== undefined);
    push?.enqueue(new TextEncoder().encode(': a comment\nid: 7\n\n'));
    for (const byte of bytes) push?.enqueue(new Uint8Array([byte]));
    await passUntil(() => guard.stats().feed.isStreaming);
    await refuses(
      guard.authenticate(view({ authorization: `Bearer ${await issuer.token({ sid })}` })),
      'session_ended',
    );
  });

  const bad: [string, (init: RequestInit) => Response | Promise<Response>][] = [
    ['refused', () => new Response('', { status: 401 })],
    ['no stream', () => new Response('hello')],
    [
      'ended at once',
      () =>
        streamOf(
          new ReadableStream({
            start: (controller) => {
              controller.close();
            },
          }),
        ),
    ],
    [
      'broken off',
      () =>
        streamOf(
          new ReadableStream({
            start: (controller) => {
              controller.error(new Error('reset'));
            },
          }),
        ),
    ],
    [
      'a line of 2 MB',
      () =>
        streamOf(
          new ReadableStream({
            pull: (controller) => {
              controller.enqueue(new Uint8Array(2 ** 16).fill(0x78));
            },
          }),
        ),
    ],
    [
      'no statement',
      () =>
        streamOf(
          new ReadableStream({
            start: (controller) => {
              controller.enqueue(event('a.b.c'));
            },
          }),
        ),
    ],
    ['no answer, and deaf to its signal', () => new Promise<Response>(() => undefined)],
    [
      'an endless comment',
      () =>
        streamOf(
          new ReadableStream({
            pull: async (controller) => {
              await settled();
              controller.enqueue(new TextEncoder().encode(': x\n'));
            },
          }),
        ),
    ],
  ];
  for (const [name, answer] of bad) {
    test(`FEED-41: a stream that is ${name} is hung up, and the feed goes on`, async () => {
      const { guard, issuer, pass, passUntil } = await createStreamScene();
      const { feed } = issuer;
      let opened = 0;
      feed.answer = (path, init) => {
        if (path !== '' || !isStream(init)) return undefined;
        opened++;
        return answer(init);
      };
      feed.hangUp();
      await passUntil(() => opened > 0);
      equal(guard.stats().feed.isStreaming, false);
      await feed.end('session', randomId());
      const end = feed.head;
      await pass(name.startsWith('no answer') || name.startsWith('an endless') ? 6_500 : 2_500);
      await passUntil(() => guard.stats().feed.to >= end);
      ok(opened <= 3, `${opened} streams`);
    });
  }

  test('FEED-41: a stream that repeats itself is as silent as one that says nothing', async () => {
    const { guard, issuer, pass } = await createStreamScene();
    const old = await issuer.feed.statement();
    const repeatFor = async (milliseconds: number): Promise<void> => {
      for (let passed = 0; passed < milliseconds; passed += 100) {
        issuer.feed.sayText(old);
        await pass(100);
      }
    };
    equal(guard.stats().feed.isStreaming, true);
    await repeatFor(4_000);
    equal(guard.stats().feed.isStreaming, true);
    await repeatFor(3_000);
    ok(issuer.feed.asked.filter((path) => path === '').length >= 3, 'another way was tried');
    ok(guard.stats().feed.failures >= 1);
  });

  test('FEED-42: while the stream is down the feed is polled, and the stream comes back by itself', async () => {
    const { guard, issuer, passUntil } = await createStreamScene();
    const { feed } = issuer;
    let tries = 0;
    feed.answer = (path, init) =>
      path === '' && isStream(init) && ++tries < 3 ? new Response('', { status: 503 }) : undefined;
    feed.hangUp();
    await passUntil(() => !guard.stats().feed.isStreaming);
    await feed.end('session', randomId());
    const end = feed.head;
    await passUntil(() => guard.stats().feed.to >= end);
    await passUntil(() => guard.stats().feed.isStreaming);
    equal(tries, 3);
  });

  test('FEED-43: close() leaves no timer, no request and no stream', async () => {
    const program = `
      import { createGuard } from '@symbolon/guard';
      import { createServer } from 'node:http';
      import { once } from 'node:events';
      const server = createServer(() => {}).listen(0); // answers nothing
      await once(server, 'listening');
      const issuer = 'http://localhost:' + server.address().port;
      const guard = createGuard({ issuer, audience: issuer, staleFeed: 'accept', identity: fetch });
      guard.ready().catch(() => console.log('rejected'));
      await once(server, 'request');
      guard.close();
      server.closeAllConnections();
      server.close();
      setTimeout(() => setImmediate(() => {
        console.log(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length);
      }), 300);`;
    const options = ['--conditions=symbolon:source', '--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, options, {
      cwd: import.meta.dirname,
      timeout: 20_000,
    });
    equal(stdout, 'rejected\n0\n');
  });

  test('FEED-43: a guard that was closed asks no more', async () => {
    const { guard, issuer, another, pass, waiting } = await createStreamScene();
    const polling = await another();
    polling.close();
    guard.close();
    await settled();
    equal(issuer.feed.streams(), 0);
    equal(waiting(), 0);
    const before = issuer.requests.length;
    await pass(60_000);
    equal(issuer.requests.length, before);
  });
});

test('GUARD-69: what runs in the background is timed by `timers` alone', async () => {
  const { pass, waiting, ...timers } = fakeTimers();
  const { guard, issuer } = await createScene({ timers });
  ok(waiting() > 0);
  const asked = (): number => issuer.feed.asked.length;
  const before = asked();
  await settled();
  equal(asked(), before);
  await pass(700);
  equal(asked(), before); // a poll a second, give or take a quarter
  await pass(600);
  equal(asked(), before + 1);
  guard.close();
  equal(waiting(), 0);
});

test('FEED-44: where no timer runs, requests keep the feed polled and never wait for it', async () => {
  const { issuer, another, clock } = await createStreamScene();
  let elapsed = 0;
  // As on workerd between two requests: a timer is made and never fires.
  const timers = { elapsed: () => elapsed, after: () => () => undefined };
  const guard = await another({ staleFeed: 'refuse', timers });
  const { to } = guard.stats().feed;
  const token = await issuer.token();
  for (let turn = 0; turn < 40 && guard.stats().feed.to <= to; turn++) {
    await settled();
    elapsed += 100;
    clock.advance(100);
    await guard.authenticate(view({ authorization: `Bearer ${token}` }));
  }
  ok(guard.stats().feed.to > to);
  equal(guard.stats().networkCalls, 0);
});

test('FEED-45: 100,000 decisions make no network call while statements arrive all the time', async () => {
  const { clock, issuer } = await createScene();
  const inDecision = new AsyncLocalStorage<true>();
  const calls: string[] = [];
  const watched =
    (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
    (input, init) => {
      if (inDecision.getStore() === true) calls.push(input as string);
      return fetch(input, init);
    };
  clock.advance(-10_000);
  const guard = createGuard({
    issuer: issuer.url,
    audience,
    clock,
    bearer: 'accept',
    staleFeed: 'refuse',
    fetch: watched(issuer.fetch),
    identity: watched(issuer.identity),
  });
  await guard.ready();
  await until(() => guard.stats().feed.isStreaming);
  const { fetch: platform } = globalThis;
  globalThis.fetch = watched(platform);
  const { feed } = issuer;
  let ended = 0;
  try {
    const views = await Promise.all(
      Array.from({ length: 64 }, async () => view({ authorization: `Bearer ${await issuer.token()}` })),
    );
    const before = guard.stats().feed.to;
    for (let n = 0; n < 100_000; n++) {
      if (n % 1000 === 0) {
        await feed.end('session', randomId());
        await feed.say();
        await settled();
        clock.advance(10);
        ended++;
      }
      const request = views[n % views.length] ?? view({});
      await inDecision.run(true, () => guard.authenticate(request));
    }
    await until(() => guard.stats().feed.to >= feed.head);
    ok(guard.stats().feed.to > before);
  } finally {
    globalThis.fetch = platform;
    guard.close();
  }
  const { decisions, accepted, networkCalls, storeCalls, keySetFetches, feed: state } = guard.stats();
  deepEqual(
    { decisions, accepted, networkCalls, storeCalls, keySetFetches, entries: state.entries, calls },
    {
      decisions: 100_000,
      accepted: 100_000,
      networkCalls: 0,
      storeCalls: 0,
      keySetFetches: 1,
      entries: ended,
      calls: [],
    },
  );
});

test('FEED-45: a request that finds no key set waits for the feed as well, and is counted', async () => {
  const { issuer, clock } = await createScene();
  const sid = randomId();
  await issuer.feed.end('session', sid);
  const guard = createGuard({
    issuer: issuer.url,
    audience,
    clock,
    bearer: 'accept',
    staleFeed: 'accept',
    fetch: issuer.fetch,
  });
  await refuses(
    guard.authenticate(view({ authorization: `Bearer ${await issuer.token({ sid })}` })),
    'session_ended',
  );
  equal(guard.stats().networkCalls, 1);
  guard.close();
  ok(await newKey());
});
