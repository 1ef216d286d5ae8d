import type { Guard, GuardOptions } from '@symbolon/guard';
import { publishedJwk, revocationName } from '@symbolon/token';
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fakeTimers, type FakeTimers } from './fake-timers.ts';
import { createScene, newKey, randomId, refuses, settled, until, view, type Scene } from './support.ts';
import type { TestFeed } from './test-feed.ts';

interface FeedScene extends Scene {
  readonly feed: TestFeed;
  /** Sends a bearer token, the same one each time for the same claims. */
  readonly send: (token: string, guard?: Guard) => Promise<unknown>;
  /** Waits until the guard knows every end up to the head. */
  readonly caughtUp: (guard?: Guard) => Promise<void>;
}

async function createFeedScene(options: Partial<GuardOptions> = {}): Promise<FeedScene> {
  const scene = await createScene({ bearer: 'accept', staleFeed: 'refuse', ...options });
  scene.clock.advance(-10_000); // nothing here needs proofs, and the feed is to be fresh
  const { feed } = scene.issuer;
  return {
    ...scene,
    feed,
    send: (token, guard = scene.guard) => guard.authenticate(view({ authorization: `Bearer ${token}` })),
    caughtUp: (guard = scene.guard) => until(() => guard.stats().feed.to >= feed.head),
  };
}

/** A guard that has the stream and is listening. */
async function createStreamScene(
  options: (scene: FeedScene) => Partial<GuardOptions> & { timers?: FakeTimers } = () => ({}),
) {
  const scene = await createFeedScene();
  const { issuer } = scene;
  scene.guard.close();
  const more = options(scene);
  const guard = await scene.another({ identity: issuer.identity, name: 'eu-1', ...more });
  await (more.timers?.passUntil ?? until)(() => guard.stats().feed.isStreaming);
  const send = (token: string) => scene.send(token, guard);
  return { ...scene, guard, send, caughtUp: () => scene.caughtUp(guard) };
}

const kindsOfEnd: [
  string,
  (claims: { sid: string; sh: string; client_id: string }) => Parameters<TestFeed['end']>,
][] = [
  ['session', ({ sid }) => ['session', sid]],
  ['subject', ({ sh }) => ['subject', sh]],
  ['client', ({ client_id }) => ['client', client_id]],
  ['everything', () => ['everything', '']],
];

describe('the feed', { concurrency: true }, () => {
  for (const [name, end] of kindsOfEnd) {
    test(`FEED-20: an end of a ${name} is refused at the next request, also of a cached token`, async () => {
      const { guard, issuer, feed, send, caughtUp } = await createStreamScene();
      const claims = { sid: randomId(), sh: randomId(), client_id: 'client-7' };
      const [cached, fresh] = [await issuer.token(claims), await issuer.token(claims)];
      const other = await issuer.token({ client_id: 'client-8', sst: feed.head + 60_000_000 });
      await send(cached);
      await send(other);
      await feed.end(...end(claims));
      await feed.say();
      await caughtUp();
      equal(guard.challenge(await refuses(send(cached), 'session_ended')).status, 401);
      await refuses(send(fresh), 'session_ended');
      await send(other);
      equal(guard.stats().networkCalls, 0);
    });
  }

  test('FEED-21: a cut refuses what started at or before it, and nothing that started after', async () => {
    const { issuer, feed, send, caughtUp } = await createStreamScene();
    const sh = randomId();
    const cutAt = await feed.end('subject', sh);
    await feed.say();
    await caughtUp();
    await refuses(send(await issuer.token({ sh, sst: cutAt - 1 })), 'session_ended');
    await refuses(send(await issuer.token({ sh, sst: cutAt })), 'session_ended');
    await send(await issuer.token({ sh, sst: cutAt + 1 }));
    await send(await issuer.token({ sst: cutAt }));
  });

  test('FEED-21: of two cuts the later holds, whichever is heard first', async () => {
    const { issuer, feed, send, caughtUp } = await createStreamScene();
    const sh = randomId();
    const first = await feed.end('subject', sh);
    const second = await feed.end('subject', sh);
    feed.sayText(await feed.statement({ from: first, to: second }));
    feed.sayText(await feed.statement({ from: 0, to: first }));
    await caughtUp();
    await refuses(send(await issuer.token({ sh, sst: second })), 'session_ended');
    await send(await issuer.token({ sh, sst: second + 1 }));
  });

  test('FEED-22: the position of a guard moves over what it has heard whole, in whatever order that comes', async () => {
    const { guard, issuer, feed, send } = await createStreamScene();
    const start = feed.head;
    feed.answer = (path) => (path === '' ? new Response('', { status: 503 }) : undefined);
    const sids = Array.from({ length: 6 }, randomId);
    const ends = [start];
    for (const sid of sids) ends.push(await feed.end('session', sid));
    const part = (n: number) => feed.statement({ from: ends[n] ?? 0, to: ends[n + 1] ?? 0 });
    for (const n of [0, 0, 1]) feed.sayText(await part(n));
    await until(() => guard.stats().feed.to === ends[2]);
    feed.sayText(await part(0)); // an old one: no error, no change
    feed.sayText(await feed.statement({ from: 0, to: 1, entries: [] }));
    await settled();
    equal(guard.stats().feed.to, ends[2]);
    equal(guard.stats().feed.failures, 0);
    feed.sayText(await part(3)); // there is a gap, and what could fill it does not answer
    await until(() => guard.stats().feed.failures > 0);
    equal(guard.stats().feed.to, ends[2]);
    await refuses(send(await issuer.token({ sid: sids[3] ?? '' })), 'session_ended');
    await send(await issuer.token({ sid: sids[2] ?? '' }));
    feed.answer = undefined;
    await until(() => guard.stats().feed.to >= (ends[6] ?? 0));
    for (const sid of sids) await refuses(send(await issuer.token({ sid })), 'session_ended');
  });

  test('FEED-23: a guard that starts late walks the closed pages back to the floor', async () => {
    const { another, issuer, feed, send, caughtUp } = await createFeedScene();
    const forgotten = await feed.end('session', randomId());
    feed.closePage();
    const sids: string[] = [];
    for (let page = 0; page < 5; page++) {
      const sid = randomId();
      sids.push(sid);
      await feed.end('session', sid);
      feed.closePage();
    }
    feed.floor = forgotten;
    feed.asked.length = 0;
    const guard = await another();
    deepEqual(feed.asked.filter((path) => path.startsWith('/pages')).length, 5);
    for (const sid of sids) await refuses(send(await issuer.token({ sid }), guard), 'session_ended');
    await caughtUp(guard);
    await send(await issuer.token(), guard);
  });

  test('FEED-23: pages that are missing, do not join or do not end complete nothing, and what they say counts', async () => {
    const scene = await createFeedScene();
    const { another, issuer, feed } = scene;
    scene.guard.close();
    const sid = randomId();
    const end = await feed.end('session', sid);
    feed.closePage();
    await feed.end('session', randomId());
    const page = (about: object) => async () =>
      new Response(await feed.statement({ from: 0, to: end, ...about }));
    const wrong: (() => Promise<Response>)[] = [
      () => Promise.resolve(new Response('', { status: 404 })),
      () => Promise.resolve(new Response('<html>')),
      page({ from: 1, to: end - 1, entries: [] }),
      page({ from: end }),
      page({ iss: 'https://evil.example' }),
    ];
    for (const answer of wrong) {
      feed.answer = (path) => (path.startsWith('/pages') ? answer() : undefined);
      feed.asked.length = 0;
      const guard = await another({ staleFeed: 'accept' });
      equal(
        feed.asked.filter((path) => path.startsWith('/pages')).length,
        1,
        'no page is asked for in vain again',
      );
      equal(guard.stats().feed.to, 0);
      equal(guard.stats().feed.isStale, true);
      await refuses(
        guard.authenticate(view({ authorization: `Bearer ${await issuer.token()}` }), { freshWithin: '5s' }),
        'feed_stale',
      );
      guard.close();
    }
    feed.answer = undefined;
    const guard = await another();
    await refuses(scene.send(await issuer.token({ sid }), guard), 'session_ended');
  });

  test('FEED-23: a walk is bounded, and the next one goes on where it stopped', async () => {
    const { another, feed, guard: first } = await createFeedScene();
    first.close();
    for (let page = 0; page < 250; page++) {
      await feed.end('session', randomId());
      feed.closePage();
    }
    feed.asked.length = 0;
    const guard = await another({ staleFeed: 'accept' });
    const walked = () => feed.asked.filter((path) => path.startsWith('/pages')).length;
    ok(walked() <= 202, `${walked()} pages`);
    equal(guard.stats().feed.to, 0);
    await until(() => guard.stats().feed.to > 0);
    ok(walked() <= 252, `${walked()} pages`);
    equal(guard.stats().feed.entries, 250);
  });

  test('FEED-24: a feed that is rolled back, withheld or forked does not move a guard, and it becomes stale', async () => {
    const { guard, clock, issuer, feed, send } = await createStreamScene();
    const token = await issuer.token();
    const old = await feed.statement();
    const foreign = await newKey();
    await send(token);
    const { to } = guard.stats().feed;
    clock.advance(31_000);
    const forked = await feed.statement({ from: 0, to: clock() * 1000, entries: [] }, foreign);
    for (const answer of [old, forked]) {
      feed.answer = (path, init) =>
        path === '' && new Headers(init.headers).get('accept') === null ? new Response(answer) : undefined;
      feed.sayText(answer);
      await settled();
      equal(guard.stats().feed.to, to);
      equal(guard.stats().feed.isStale, true);
      const refusal = guard.challenge(await refuses(send(token), 'feed_stale'));
      equal(refusal.status, 503);
      equal(refusal.headers['retry-after'], '1');
      equal(refusal.headers['www-authenticate'], undefined);
    }
    feed.answer = undefined;
    await until(() => guard.stats().feed.to > to);
    await send(token);
  });

  test('FEED-24: a guard that first hears a rolled-back feed is stale from the start', async () => {
    const { another, clock, issuer, feed, send } = await createFeedScene();
    const old = await feed.statement();
    clock.advance(60_000);
    feed.answer = (path) => (path === '' ? new Response(old) : undefined);
    const guard = await another();
    ok(guard.stats().feed.to > 0);
    await refuses(send(await issuer.token(), guard), 'feed_stale');
  });

  const notStatements: [string, (feed: TestFeed) => Response | Promise<Response>][] = [
    ['an error', () => new Response('', { status: 500 })],
    ['HTML', () => new Response('<html>sign in</html>')],
    ['an empty answer', () => new Response('')],
    ['a redirect', () => Response.redirect('https://evil.example', 302)],
    ['2 MB', () => new Response('x'.repeat(2 * 2 ** 20))],
    ['bytes that are no text', () => new Response(new Uint8Array([0xff, 0xfe]))],
    ['an outage', () => Promise.reject(new TypeError('fetch failed'))],
    ['a statement by another key', async (feed) => new Response(await feed.statement({}, await newKey()))],
    ['another issuer’s', async (feed) => new Response(await feed.statement({ iss: 'https://evil.example' }))],
    ['an end before its start', async (feed) => new Response(await feed.statement({ from: feed.head + 1 }))],
    [
      'a statement with a changed entry',
      async (feed) => {
        const [header = '', , signature = ''] = (await feed.statement()).split('.');
        const [, payload = ''] = (await feed.statement({ to: feed.head + 1 })).split('.');
        return new Response([header, payload, signature].join('.'));
      },
    ],
  ];

  for (const [name, answer] of notStatements) {
    test(`FEED-25: ${name} in place of a statement changes nothing, and the next one counts`, async () => {
      const { another, issuer, feed, send } = await createFeedScene();
      feed.answer = (path) => (path === '' ? answer(feed) : undefined);
      await rejects(
        another(),
        /the feed of https:\/\/issuer.example could not be read: .*staleFeed: 'accept'/,
      );
      const guard = await another({ staleFeed: 'accept' });
      const token = await issuer.token();
      await send(token, guard);
      equal(guard.stats().feed.to, 0);
      feed.answer = undefined;
      await until(() => guard.stats().feed.to > 0);
      await send(token, guard);
    });
  }

  test('FEED-26: a guard that never had a statement is stale, and does what its installer chose', async () => {
    const { clock, another, issuer, feed, send } = await createFeedScene();
    feed.answer = () => new Response('', { status: 503 });
    const accepting = await another({ staleFeed: 'accept' });
    const token = await issuer.token();
    await send(token, accepting);
    equal(accepting.stats().feed.isStale, true);
    const { createGuard } = await import('@symbolon/guard');
    const options = {
      issuer: issuer.url,
      audience: 'https://api.example',
      clock,
      fetch: issuer.fetch,
    } as const;
    const refusing = createGuard({ ...options, bearer: 'accept', staleFeed: 'refuse' });
    await refuses(send(token, refusing), 'feed_stale');
    feed.answer = undefined;
    await until(() => refusing.stats().feed.to > 0);
    await send(token, refusing);
    refusing.close();
  });

  test('FEED-26: stale is more than maxStale, 30 s if none is given, in both directions of the clock', async () => {
    for (const [maxStale, limit] of [
      [undefined, 30_000],
      [90, 90_000],
    ] as const) {
      const { clock, issuer, feed, guard, send } = await createFeedScene(
        maxStale === undefined ? {} : { maxStale },
      );
      feed.answer = () => new Response('', { status: 503 });
      const now = Math.floor(clock() / 1000);
      const token = await issuer.token({ iat: now - 200, exp: now + 900 });
      await send(token);
      const start = guard.stats().feed.to / 1000;
      const at = (time: number) => {
        clock.advance(time - clock());
      };
      for (const sign of [1, -1]) {
        at(start + sign * limit);
        await send(token);
        at(start + sign * (limit + 1));
        await refuses(send(token), 'feed_stale');
        equal(guard.stats().feed.lag, sign * (limit + 1));
      }
      at(start);
      await send(token);
    }
  });

  test('FEED-27: freshWithin demands of the guard to have heard within that time, under either choice', async () => {
    const { clock, issuer, feed, guard } = await createFeedScene({ staleFeed: 'accept' });
    feed.answer = () => new Response('', { status: 503 });
    const request = view({ authorization: `Bearer ${await issuer.token()}` });
    await guard.authenticate(request, { freshWithin: '5s' });
    clock.advance(5_000 - (clock() - guard.stats().feed.to / 1000));
    await guard.authenticate(request, { freshWithin: '5s' });
    clock.advance(1);
    const refusal = await refuses(guard.authenticate(request, { freshWithin: '5s' }), 'feed_stale');
    equal(guard.challenge(refusal).status, 503);
    await guard.authenticate(request);
    await guard.authenticate(request, { freshWithin: '6s' });
  });

  test('FEED-28: what is ended is refused as ended, whether the feed is stale or not', async () => {
    for (const staleFeed of ['accept', 'refuse'] as const) {
      const { clock, issuer, feed, send, caughtUp } = await createFeedScene({ staleFeed });
      const sid = randomId();
      const now = Math.floor(clock() / 1000);
      const token = await issuer.token({ sid, exp: now + 900 });
      await send(token);
      await feed.end('session', sid);
      await caughtUp();
      feed.answer = () => new Response('', { status: 503 });
      await refuses(send(token), 'session_ended');
      clock.advance(300_000);
      await refuses(send(token), 'session_ended');
    }
  });

  test('FEED-29: a token that is over by the issuer’s clock is refused, however slow the guard’s is', async () => {
    const { clock, issuer, feed, send, guard } = await createFeedScene({ staleFeed: 'accept' });
    const now = Math.floor(clock() / 1000);
    const token = await issuer.token({ exp: now + 60 });
    await send(token);
    feed.head = (now + 60) * 1e6 - 2;
    await until(() => guard.stats().feed.to >= (now + 60) * 1e6 - 1);
    await until(() => guard.stats().feed.to >= (now + 60) * 1e6);
    await refuses(send(token), 'token_expired');
  });

  test('FEED-30: a revoked signing key is dropped with its cached tokens, and no key set brings it back', async () => {
    const { guard, clock, issuer, feed, send, caughtUp } = await createStreamScene();
    const [old, next] = [await newKey(), await newKey()];
    issuer.keys = [old, next];
    await feed.say();
    await until(
      async () =>
        await send(await issuer.token({}, next)).then(
          () => true,
          () => false,
        ),
    );
    const [byOld, byNext] = [await issuer.token({}, old), await issuer.token({}, next)];
    await send(byOld);
    await send(byNext);
    const cached = guard.stats().cachedTokens;
    await feed.end('key', old.kid);
    await feed.say();
    await caughtUp();
    await refuses(send(byOld), 'token_key_unknown');
    await refuses(send(await issuer.token({}, old)), 'token_key_unknown');
    equal(guard.stats().cachedTokens, cached - 1);
    await send(byNext);
    for (let round = 0; round < 3; round++) {
      const fetched = guard.stats().keySetFetches;
      clock.advance(301_000); // the set that still names it is fetched again
      await refuses(send(byOld), 'token_key_unknown').catch(() => undefined);
      await until(() => guard.stats().keySetFetches > fetched);
      await settled();
      await feed.say();
      await caughtUp();
      const now = Math.floor(clock() / 1000);
      await refuses(send(await issuer.token({ iat: now }, old)), 'token_key_unknown');
      await send(await issuer.token({ iat: now }, next));
    }
  });

  test('FEED-31: a feed that names another key set has it fetched at once, past caches, and confirms it', async () => {
    const timers = fakeTimers();
    const asked: (string | null)[] = [];
    const { guard, clock, issuer, feed, send } = await createStreamScene(({ issuer }) => ({
      timers,
      fetch: (input, init) => {
        if (input === `${issuer.url}/jwks`) asked.push(new Headers(init?.headers).get('cache-control'));
        return issuer.fetch(input, init);
      },
    }));
    const old = await feed.statement();
    const fresh = await newKey();
    issuer.keys = [...issuer.keys, fresh];
    await feed.say();
    await timers.passUntil(() => asked.length > 1);
    await settled();
    await send(await issuer.token({}, fresh));
    await feed.say();
    await settled();
    clock.advance(2_000);
    feed.sayText(old); // names the set before, and is no news
    await timers.pass(300);
    deepEqual(asked, [null, 'no-cache']);
    equal(guard.stats().keySetFetches, 2);
  });

  test('FEED-31: whatever hashes a feed names, the issuer is asked for keys within a budget', async () => {
    const timers = fakeTimers();
    const { guard, clock, feed, send, issuer } = await createStreamScene(() => ({ timers }));
    const before = guard.stats().keySetFetches;
    const strange = async (n: number): Promise<void> => {
      feed.beat();
      const to = feed.head;
      feed.sayText(await feed.statement({ to, keys: `set-${n}` }));
      await until(() => guard.stats().feed.to >= to);
    };
    for (let n = 0; n < 50; n++) await strange(n);
    await timers.pass(300);
    equal(guard.stats().keySetFetches, before + 1);
    for (let second = 1; second <= 31; second++) {
      clock.advance(1000);
      await strange(second);
      await send(await issuer.token());
      await timers.pass(1000);
    }
    await timers.pass(300);
    const fetches = guard.stats().keySetFetches - before;
    ok(fetches >= 4 && fetches <= 6, `${fetches} fetches`);
  });

  test('FEED-32: a new statement confirms the key set, an old one that is said again does not', async () => {
    const { clock, issuer, feed, another, send, caughtUp, guard: first } = await createFeedScene();
    first.close();
    let isDown = false;
    const guard = await another({
      staleFeed: 'accept',
      fetch: (input, init) =>
        isDown && input === `${issuer.url}/jwks`
          ? Promise.reject(new TypeError('down'))
          : issuer.fetch(input, init),
    });
    isDown = true;
    const hour = 3_600_000;
    for (let day = 0; day < 2; day++) {
      clock.advance(23 * hour);
      feed.beat();
      await caughtUp(guard);
      await send(await issuer.token(), guard);
    }
    const old = await feed.statement();
    feed.answer = (path) => (path === '' ? new Response(old) : undefined);
    clock.advance(24 * hour - 1000);
    await send(await issuer.token(), guard);
    feed.asked.length = 0;
    await until(() => feed.asked.length > 1);
    clock.advance(1001);
    await refuses(send(await issuer.token(), guard), 'keys_unavailable');
  });

  test('FEED-33: a feed key that the feed ends is dropped, and the feed keys are fetched past every cache', async () => {
    const { guard, issuer, feed, send, caughtUp } = await createStreamScene();
    const [old] = feed.keys;
    ok(old);
    const next = await newKey();
    await feed.end('key', old.kid);
    const last = await feed.statement({}, old);
    feed.keys = [old, next]; // a set that still names it
    feed.asked.length = 0;
    feed.sayText(last);
    await until(() => feed.asked.some((path) => /^\/keys\?.+/.test(path)));
    await settled();
    const sid = randomId();
    await feed.end('session', sid);
    const { to } = guard.stats().feed;
    feed.sayText(await feed.statement({}, old));
    await settled();
    equal(guard.stats().feed.to, to);
    await send(await issuer.token({ sid }));
    feed.keys = [next, old];
    await caughtUp();
    await refuses(send(await issuer.token({ sid })), 'session_ended');
  });

  test('FEED-33: what an ended feed key vouched for is heard again from another', async () => {
    const { guard, clock, issuer, feed, send } = await createFeedScene();
    const [stolen] = feed.keys;
    ok(stolen);
    const hidden = randomId();
    await feed.end('session', hidden);
    const lie = await feed.statement({ entries: [], to: feed.head + 3600 * 1e6 }, stolen);
    feed.answer = (path) => (path === '' ? new Response(lie) : undefined);
    await until(() => guard.stats().feed.lag < -3_500_000);
    await refuses(send(await issuer.token()), 'token_expired'); // the thief stops what he wants to use
    feed.keys = [await newKey()];
    await feed.end('key', stolen.kid);
    feed.answer = undefined;
    await until(() => Math.abs(guard.stats().feed.lag) < 1000);
    await refuses(send(await issuer.token({ sid: hidden })), 'session_ended');
    await send(await issuer.token());
    ok(clock() > 0);
  });

  test('FEED-34: a feed key never signs a token, a session key never a statement, wherever they are published', async () => {
    const { another, issuer, feed, send } = await createFeedScene();
    const [feedKey] = feed.keys;
    const [sessionKey] = issuer.keys;
    ok(feedKey && sessionKey);
    await refuses(send(await issuer.token({}, feedKey)), 'token_key_unknown');
    const { fetch } = issuer;
    const both = [publishedJwk(sessionKey, 'session'), publishedJwk(feedKey, 'feed')];
    const mixed: typeof globalThis.fetch = (input, init) =>
      /jwks|keys/.test(input as string) ? Promise.resolve(Response.json({ keys: both })) : fetch(input, init);
    const guard = await another({ fetch: mixed });
    await send(await issuer.token(), guard);
    await refuses(send(await issuer.token({}, feedKey), guard), 'token_key_unknown');
    feed.answer = async (path) =>
      path === '' ? new Response(await feed.statement({}, sessionKey)) : undefined;
    await rejects(another({ fetch: mixed }), /No feed key of this issuer/);
  });

  test('FEED-34: an unknown feed key causes one fetch in ten seconds, whatever the statements say', async () => {
    const { another, feed, guard: first } = await createFeedScene();
    first.close();
    const strangers = await Promise.all(Array.from({ length: 5 }, () => newKey()));
    let turn = 0;
    feed.answer = async (path) =>
      path === '' ? new Response(await feed.statement({}, strangers[turn++ % 5])) : undefined;
    feed.asked.length = 0;
    const guard = await another({ staleFeed: 'accept' });
    await until(() => turn >= 4);
    ok(feed.asked.filter((path) => path.startsWith('/keys')).length <= 2);
    equal(guard.stats().feed.to, 0);
  });

  test('FEED-35: a guard with an identity acknowledges what it applied and which keys it holds', async () => {
    const { guard, issuer, feed, caughtUp } = await createStreamScene();
    await until(() => feed.acknowledgements.length > 0);
    const first = feed.acknowledgements.at(-1);
    ok(first && /^[A-Za-z0-9_-]{22}$/.test(first.instance));
    deepEqual([first.name, first.audience], ['eu-1', 'https://api.example']);
    deepEqual(
      first.keys,
      issuer.keys.map((key) => key.kid),
    );
    const end = await feed.end('session', randomId());
    await feed.say();
    await caughtUp();
    await until(() => (feed.acknowledgements.at(-1)?.to ?? 0) >= end);
    equal(feed.acknowledgements.at(-1)?.instance, first.instance);
    equal(guard.stats().networkCalls, 0);
  });

  test('FEED-35: a key set that has changed is told at once', async (t) => {
    const { issuer, feed } = await createStreamScene();
    await until(() => feed.acknowledgements.length > 0);
    // A second passes and no more: what is told now is not the report that comes every five.
    const stopped = performance.now() + 1000;
    t.mock.method(performance, 'now', () => stopped);
    const next = await newKey();
    issuer.keys = [...issuer.keys, next];
    await feed.say();
    const isTold = () => feed.acknowledgements.at(-1)?.keys.includes(next.kid) === true;
    let looks = 0;
    await until(() => isTold() || ++looks > 5000);
    ok(isTold());
  });

  test('FEED-35: acknowledgements that fail are repeated at leisure, a burst of ends is told together', async () => {
    const { guard, feed, caughtUp } = await createStreamScene();
    await until(() => feed.acknowledgements.length > 0);
    feed.acknowledgements.length = 0;
    for (let n = 0; n < 100; n++) {
      await feed.end('session', randomId());
      await feed.say();
    }
    await caughtUp();
    await until(() => feed.acknowledgements.at(-1)?.to === feed.head);
    ok(feed.acknowledgements.length <= 10, `${feed.acknowledgements.length} reports`);
    let failed = 0;
    feed.answer = (path) => {
      if (path !== '/acknowledgements') return undefined;
      failed++;
      return new Response('', { status: 503 });
    };
    for (let n = 0; n < 50; n++) {
      await feed.end('session', randomId());
      await feed.say();
    }
    await caughtUp();
    ok(failed <= 2, `${failed} tries`);
    feed.answer = undefined;
    await until(() => feed.acknowledgements.at(-1)?.to === guard.stats().feed.to);
  });

  test('FEED-36: sound spelling: an entry that is misspelt refuses its statement whole', async () => {
    const { feed, another } = await createFeedScene();
    const name = await revocationName('https://issuer.example', { kind: 'session', value: 'x' });
    const good = { kind: 'session', name, cutAt: 0, until: 2_000_000_000 } as const;
    const wrong = [
      { ...good, name: `${name.slice(0, 21)}B` },
      { ...good, name: name.slice(1) },
      { ...good, name: `${name}A` },
      { ...good, cutAt: 1 },
      { ...good, until: -1 },
      { ...good, until: 0.5 },
      { ...good, kind: 'subject', cutAt: feed.head + 1e9 },
    ] as const;
    for (const entry of [good, ...wrong]) {
      feed.answer = async (path) =>
        path === '' ? new Response(await feed.statement({ entries: [entry] })) : undefined;
      if (entry === good) await another();
      else await rejects(another(), /required claim .*\(entries\)/);
    }
  });
});
