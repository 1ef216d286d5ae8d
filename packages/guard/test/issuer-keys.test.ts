import { createGuard, type Guard, type GuardOptions } from '@symbolon/guard';
import { publishedJwk } from '@symbolon/token';
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mock, test } from 'node:test';
import { promisify } from 'node:util';
import {
  audience,
  createTestHolder,
  createTestIssuer,
  fakeClock,
  issuerUrl,
  newKey,
  refuses,
  settled,
  view,
  type FakeClock,
  type TestIssuer,
} from './support.ts';

const minute = 60_000;
const hour = 60 * minute;
const jwks = `${issuerUrl}/jwks`;

interface KeyScene {
  readonly clock: FakeClock;
  readonly issuer: TestIssuer;
  readonly guard: Guard;
  /** Sends a fresh token, by a key of the issuer's or another. */
  readonly send: (key?: TestIssuer['keys'][number]) => Promise<unknown>;
  /** How often the key set was asked for. */
  readonly asked: () => number;
  /** Answers for the key set from now on; nothing: the real one. */
  answer: (() => Response | Promise<Response>) | undefined;
}

async function createKeyScene(options: Partial<GuardOptions> = {}): Promise<KeyScene> {
  const clock = fakeClock();
  const issuer = await createTestIssuer({ clock });
  let asked = 0;
  const answering: typeof fetch = async (input, init) => {
    if (input !== jwks) return issuer.fetch(input, init);
    asked++;
    equal(init?.redirect, 'manual');
    ok(init.signal instanceof AbortSignal);
    return scene.answer?.() ?? issuer.fetch(input, init);
  };
  const guard = createGuard({
    issuer: issuer.url,
    audience,
    staleFeed: 'accept',
    clock,
    fetch: answering,
    bearer: 'accept',
    ...options,
  });
  const send = async (key?: TestIssuer['keys'][number]): Promise<unknown> =>
    guard.authenticate(view({ authorization: `Bearer ${await issuer.token({}, key)}` }));
  const scene: KeyScene = { clock, issuer, guard, send, asked: () => asked, answer: undefined };
  return scene;
}

async function foreignKeySet(): Promise<object> {
  return { keys: [publishedJwk(await newKey(), 'session')] };
}

/** Answers that must change nothing. */
const badAnswers: [string, () => Response | Promise<Response>][] = [
  ['an outage', () => Promise.reject(new TypeError('fetch failed'))],
  ['an error', () => new Response('{"keys":[]}', { status: 500 })],
  [
    'HTML',
    () => new Response('<html>sign in to the network</html>', { headers: { 'content-type': 'text/html' } }),
  ],
  ['an empty answer', () => new Response('')],
  ['no body', () => new Response(null, { status: 200 })],
  ['an empty set', () => Response.json({ keys: [] })],
  ['no set', () => Response.json(null)],
  ['a set of nonsense', () => Response.json({ keys: [null, 1, 'x', {}, { kty: 'RSA', x5c: null }] })],
  [
    'keys of another purpose',
    async () => Response.json({ keys: [publishedJwk(await newKey(), 'identity')] }),
  ],
  ['bytes that are no text', () => new Response(new Uint8Array([0xff, 0xfe, 0xff]))],
  ['a redirect', () => Response.redirect('https://evil.example/jwks', 302)],
  ['a redirect with a key set of its own', async () => Response.json(await foreignKeySet(), { status: 302 })],
  ['an error with a key set of its own', async () => Response.json(await foreignKeySet(), { status: 404 })],
  ['too many keys', () => Response.json({ keys: Array.from({ length: 65 }, () => ({})) })],
];

test('GUARD-27: the first request waits for the one fetch of the first key set, and is counted', async () => {
  const { guard, send, asked, issuer } = await createKeyScene();
  equal(issuer.requests.length, 0);
  await Promise.all(Array.from({ length: 20 }, () => send()));
  equal(asked(), 1);
  const { networkCalls, keySetFetches } = guard.stats();
  deepEqual({ networkCalls, keySetFetches }, { networkCalls: 20, keySetFetches: 1 });
  await send();
  equal(guard.stats().networkCalls, 20);
});

test('GUARD-27: while there is no key set a request is refused with 503, and the issuer is not hammered', async () => {
  const scene = await createKeyScene();
  scene.answer = () => new Response('', { status: 502 });
  const { status, headers } = scene.guard.challenge(await refuses(scene.send(), 'keys_unavailable'));
  equal(status, 503);
  equal(headers['retry-after'], '1');
  for (let i = 0; i < 100; i++) await refuses(scene.send(), 'keys_unavailable');
  equal(scene.asked(), 1);
  scene.clock.advance(1000);
  await refuses(scene.send(), 'keys_unavailable');
  equal(scene.asked(), 2);
  scene.answer = undefined;
  scene.clock.advance(2000);
  await scene.send();
});

test('GUARD-27: ready() says why there is no key set and what to do', async () => {
  const scene = await createKeyScene();
  scene.answer = () => new Response('', { status: 404 });
  await rejects(
    scene.guard.ready(),
    /could not be loaded: unexpected status 404 .* expected 200\. Check that the issuer runs/,
  );
  scene.answer = undefined;
  await scene.guard.ready();
  await scene.send();
});

test('GUARD-28: a new key is taken with the next key set, a removed one is refused with it', async () => {
  const { guard, issuer, clock, send } = await createKeyScene();
  await guard.ready();
  const [old] = issuer.keys;
  const next = await newKey('ES256');
  issuer.keys = [next];
  clock.advance(5 * minute);
  await send(old);
  await settled();
  await refuses(send(old), 'token_key_unknown');
  await send(next);
  equal(guard.stats().networkCalls, 0);
});

test('GUARD-28: the key set is fetched every five minutes without any request, until close()', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2026, 10, 23) });
  try {
    const scene = await createKeyScene({ clock: Date.now });
    await scene.guard.ready();
    for (let round = 1; round <= 4; round++) {
      mock.timers.tick(5 * minute);
      await new Promise((resolve) => setImmediate(resolve));
      equal(scene.asked(), round + 1);
    }
    scene.answer = () => new Response('', { status: 500 });
    mock.timers.tick(5 * minute);
    for (const wait of [1000, 2000, 4000]) {
      await new Promise((resolve) => setImmediate(resolve));
      mock.timers.tick(wait);
    }
    await new Promise((resolve) => setImmediate(resolve));
    equal(scene.asked(), 9);
    scene.guard.close();
    mock.timers.tick(hour);
    await new Promise((resolve) => setImmediate(resolve));
    equal(scene.asked(), 9);
  } finally {
    mock.timers.reset();
  }
});

test('GUARD-28: a clock that goes back puts no fetch off', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2026, 10, 23) });
  try {
    let behind = 0;
    const scene = await createKeyScene({ clock: () => Date.now() - behind });
    await scene.guard.ready();
    behind = 48 * hour;
    scene.answer = () => new Response('', { status: 500 });
    for (let round = 1; round <= 3; round++) {
      mock.timers.tick(5 * minute);
      await new Promise((resolve) => setImmediate(resolve));
      equal(scene.asked(), round + 1);
    }
    scene.guard.close();
  } finally {
    mock.timers.reset();
  }
});

test('GUARD-28: a guard that waits for its next fetch keeps no process alive', async () => {
  const program = `
    import { createGuard } from '@symbolon/guard';
    const fetch = async () => new Response('', { status: 500 });
    const guard = createGuard({ issuer: 'https://a.example', audience: 'https://b.example', staleFeed: 'accept', fetch });
    await guard.ready().catch(() => console.log('refused'));`;
  const options = ['--conditions=symbolon:source', '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, options, {
    cwd: import.meta.dirname,
    timeout: 20_000,
  });
  equal(stdout, 'refused\n');
});

for (const [name, answer] of badAnswers) {
  test(`GUARD-29: ${name} in place of the key set changes nothing`, async () => {
    const scene = await createKeyScene();
    await scene.guard.ready();
    scene.answer = answer;
    for (let round = 0; round < 3; round++) {
      scene.clock.advance(6 * minute);
      await scene.send();
      await settled();
    }
    await scene.send();
    equal(scene.asked(), 4);
    equal(scene.guard.stats().keySetFailures, 3);
    equal(scene.guard.stats().networkCalls, 0);
    scene.issuer.keys = [await newKey()];
    scene.answer = undefined;
    scene.clock.advance(6 * minute);
    await refuses(scene.send(), 'token_key_unknown');
    await settled();
    await scene.send();
  });
}

test('GUARD-30: an answer of 50 MB is cut off after 256 kB', async () => {
  const scene = await createKeyScene();
  await scene.guard.ready();
  let sent = 0;
  const hungUp = mock.fn();
  scene.answer = () =>
    new Response(
      new ReadableStream<Uint8Array>({
        pull: (controller) => {
          if (sent >= 50_000_000) {
            controller.close();
            return;
          }
          sent += 16_384;
          controller.enqueue(new Uint8Array(16_384).fill(0x20));
        },
        cancel: hungUp,
      }),
    );
  scene.clock.advance(6 * minute);
  await scene.send();
  await settled();
  equal(hungUp.mock.callCount(), 1);
  ok(sent <= 262_144 + 3 * 16_384, `${sent} bytes were taken`);
  await scene.send();
});

test('GUARD-31: 10,000 unknown headers cause one fetch a minute, and none of them waits for it', async () => {
  const { guard, issuer, clock, send, asked } = await createKeyScene();
  await guard.ready();
  const template = await issuer.token({}, await newKey());
  const rest = template.slice(template.indexOf('.'));
  const kid = (n: number): string => n.toString(36).padStart(43, 'A');
  const header = (n: number): string =>
    Buffer.from(`{"alg":"EdDSA","kid":"${kid(n)}","typ":"at+jwt"}`).toString('base64url');
  for (let n = 0; n < 10_000; n++) {
    await refuses(
      guard.authenticate(view({ authorization: `Bearer ${header(n)}${rest}` })),
      'token_key_unknown',
    );
    if (n % 1000 === 999) clock.advance(15_000);
  }
  await settled();
  equal(asked(), 1 + 3); // ten times 15 s are 2 min 15 s of flood
  equal(guard.stats().networkCalls, 0);
  await send();
});

test('GUARD-31: a new key is found by its header within a minute, long before the next fetch is due', async () => {
  const { guard, issuer, send, asked } = await createKeyScene();
  await guard.ready();
  issuer.keys = [...issuer.keys, await newKey()];
  const [, fresh] = issuer.keys;
  await refuses(send(fresh), 'token_key_unknown');
  await settled();
  await send(fresh);
  equal(asked(), 2);
});

test('GUARD-31: a header that is not of our exact shape causes no fetch', async () => {
  const { guard, issuer, asked } = await createKeyScene();
  await guard.ready();
  const [, payload, signature] = (await issuer.token()).split('.');
  const { kid } = await newKey();
  const texts = [
    `{"typ":"at+jwt","alg":"EdDSA","kid":"${kid}"}`,
    `{"alg":"EdDSA","kid":"${kid}","typ":"at+jwt","jku":"https://evil.example"}`,
    `{"alg":"EdDSA","kid":"${kid}","typ":"dpop+jwt"}`,
    `{"alg":"EdDSA","kid":"../../../dev/null","typ":"at+jwt"}`,
    `{"alg":"EdDSA", "kid":"${kid}","typ":"at+jwt"}`,
    `{"alg":"EdDSA","kid":"${kid}","typ":"at+jwt"} `,
    'x'.repeat(4000),
  ];
  for (const text of texts) {
    const token = [Buffer.from(text).toString('base64url'), payload, signature].join('.');
    await refuses(guard.authenticate(view({ authorization: `Bearer ${token}` })), 'token_key_unknown');
  }
  await settled();
  equal(asked(), 1);
});

test('GUARD-31: a fetch for an unknown header that fails neither hastens nor delays the next that is due', async () => {
  const scene = await createKeyScene();
  await scene.guard.ready();
  scene.answer = () => new Response('', { status: 500 });
  await refuses(scene.send(await newKey()), 'token_key_unknown');
  await settled();
  equal(scene.asked(), 2);
  scene.clock.advance(5 * minute - 1);
  await scene.send();
  await settled();
  equal(scene.asked(), 2);
  scene.clock.advance(1);
  await scene.send();
  await settled();
  equal(scene.asked(), 3);
});

test('GUARD-32: a key set that nothing has confirmed for 24 hours is no longer used', async () => {
  const scene = await createKeyScene();
  await scene.guard.ready();
  scene.answer = () => new Response('', { status: 500 });
  scene.clock.advance(24 * hour - 1);
  await scene.send();
  await settled();
  scene.clock.advance(1);
  const refusal = await refuses(scene.send(), 'keys_unavailable');
  equal(scene.guard.challenge(refusal).status, 503);
  equal(scene.guard.challenge(refusal).headers['www-authenticate'], undefined);
  scene.answer = undefined;
  scene.clock.advance(minute);
  await scene.send();
});

test('GUARD-33: the metadata must be of exactly this issuer, and name a key set that is spoken to in private', async () => {
  const clock = fakeClock();
  const issuer = await createTestIssuer({ clock });
  const ready = (metadata: unknown) =>
    createGuard({
      issuer: issuer.url,
      audience,
      staleFeed: 'accept',
      clock,
      fetch: (input) =>
        input === `${issuerUrl}/.well-known/oauth-authorization-server`
          ? Promise.resolve(Response.json(metadata))
          : issuer.fetch(input),
    }).ready();
  await ready({ issuer: issuerUrl, jwks_uri: jwks });
  const wrong = [
    null,
    [],
    {},
    { jwks_uri: jwks },
    { issuer: `${issuerUrl}/`, jwks_uri: jwks },
    { issuer: 'https://evil.example', jwks_uri: jwks },
    { issuer: issuerUrl },
    { issuer: issuerUrl, jwks_uri: 'http://issuer.example/jwks' },
    { issuer: issuerUrl, jwks_uri: 'file:///etc/passwd' },
    { issuer: issuerUrl, jwks_uri: [jwks] },
  ];
  for (const metadata of wrong) await rejects(ready(metadata), /could not be loaded/);
  await ready({ issuer: issuerUrl, jwks_uri: jwks });
});

test('GUARD-33: the metadata of an issuer with a path lies before that path; jwksUri needs none', async () => {
  const clock = fakeClock();
  const issuer = await createTestIssuer({ clock, url: 'https://issuer.example/tenant' });
  const asked: string[] = [];
  const answering: typeof fetch = (input) => {
    asked.push(input as string);
    return Promise.resolve(
      asked.at(-1)?.includes('.well-known')
        ? Response.json({ issuer: issuer.url, jwks_uri: 'https://keys.example/set' })
        : Response.json(issuer.keySet()),
    );
  };
  await createGuard({ issuer: issuer.url, audience, staleFeed: 'accept', clock, fetch: answering }).ready();
  await createGuard({
    issuer: issuer.url,
    audience,
    staleFeed: 'accept',
    clock,
    fetch: answering,
    jwksUri: 'https://pinned.example/a',
  }).ready();
  const ofKeys = asked.filter((url) => !url.includes('/revocations'));
  deepEqual(ofKeys, [
    'https://issuer.example/.well-known/oauth-authorization-server/tenant',
    'https://keys.example/set',
    'https://pinned.example/a',
  ]);
});

test('GUARD-34: 10,000 decisions make no network call', async () => {
  const clock = fakeClock();
  const issuer = await createTestIssuer({ clock });
  const holder = await createTestHolder(issuer);
  let online = true;
  const guard = createGuard({
    issuer: issuer.url,
    audience,
    staleFeed: 'accept',
    clock,
    bearer: 'accept',
    fetch: (input, init) => {
      if (!online) throw new Error(`a decision called ${input as string}`);
      return issuer.fetch(input, init);
    },
  });
  await guard.ready();
  clock.advance(10_000);
  online = false;
  const platformFetch = globalThis.fetch;
  globalThis.fetch = () => {
    throw new Error('a decision called the platform');
  };
  try {
    for (let n = 0; n < 500; n++) {
      const bearer = view({ authorization: `Bearer ${await issuer.token()}` });
      const token = await holder.token();
      for (let again = 0; again < 16; again++) await guard.authenticate(bearer);
      await guard.authenticate(view(await holder.headers({ token })));
      for (let again = 0; again < 3; again++)
        await refuses(
          guard.authenticate(view({ authorization: `Bearer ${token}` })),
          'token_carrier_unexpected',
        );
    }
  } finally {
    globalThis.fetch = platformFetch;
  }
  const { decisions, accepted, refused, faults, networkCalls, storeCalls, keySetFetches } = guard.stats();
  deepEqual(
    { decisions, accepted, refused, faults, networkCalls, storeCalls, keySetFetches },
    {
      decisions: 10_000,
      accepted: 8_500,
      refused: 1_500,
      faults: 0,
      networkCalls: 0,
      storeCalls: 0,
      keySetFetches: 1,
    },
  );
});
