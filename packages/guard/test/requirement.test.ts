import type { ReplayStore } from '@symbolon/guard';
import { AuthError } from '@symbolon/token';
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { createScene, refuses, view } from './support.ts';

const bearer = (token: string) => view({ authorization: `Bearer ${token}` });

/** A store that all processes share, as a replay store is. */
function sharedStore(): ReplayStore & { readonly asked: [string, number][] } {
  const ids = new Set<string>();
  const asked: [string, number][] = [];
  return {
    asked,
    insertIfAbsent: (id, until) => {
      asked.push([id, until]);
      return Promise.resolve(ids.has(id) ? false : Boolean(ids.add(id)));
    },
  };
}

test('GUARD-22: every scope name that the route demands must stand in the token, exactly', async () => {
  const { guard, issuer } = await createScene({ bearer: 'accept' });
  const request = bearer(await issuer.token({ scope: 'orders:read orders:write-all admin.x' }));
  await guard.authenticate(request);
  await guard.authenticate(request, { scope: 'orders:read' });
  await guard.authenticate(request, { scope: 'admin.x orders:read' });
  await guard.authenticate(request, { scope: ['orders:write-all', 'orders:read'] });
  for (const scope of [
    'orders:write',
    'orders',
    'read',
    'ORDERS:READ',
    'admin',
    'adminx',
    'orders:read orders:write',
  ]) {
    const refusal = await refuses(guard.authenticate(request, { scope }), 'scope_insufficient');
    const { status, headers } = guard.challenge(refusal);
    equal(status, 403);
    const challenge = headers['www-authenticate'] ?? '';
    ok(challenge.includes(`error="insufficient_scope"`) && challenge.includes(`scope="${scope}"`), challenge);
  }
  const none = bearer(await issuer.token());
  await refuses(guard.authenticate(none, { scope: 'orders:read' }), 'scope_insufficient');
});

test('GUARD-23: presence must be as recent as the route demands', async () => {
  const { guard, issuer, clock } = await createScene({ bearer: 'accept' });
  const now = Math.floor(clock() / 1000);
  const recent = bearer(await issuer.token({ auth_time: now - 299 }));
  await guard.authenticate(recent, { presentWithin: '5m' });
  clock.advance(1000);
  await guard.authenticate(recent, { presentWithin: '5m' });
  clock.advance(1);
  const refusal = await refuses(guard.authenticate(recent, { presentWithin: '5m' }), 'presence_required');
  const { status, headers } = guard.challenge(refusal);
  equal(status, 401);
  match(headers['www-authenticate'] ?? '', /error="insufficient_user_authentication".*max_age="300"/);
  await guard.authenticate(recent, { presentWithin: '1h' });
  const without = bearer(await issuer.token());
  await refuses(guard.authenticate(without, { presentWithin: '1h' }), 'presence_required');
  const future = bearer(await issuer.token({ auth_time: now + 60 }));
  await refuses(guard.authenticate(future, { presentWithin: '1h' }), 'presence_required');
});

test('GUARD-24: a route that demands once takes a proof once across all processes', async () => {
  const replayStore = sharedStore();
  const { guard, another, holder, clock } = await createScene({ replayStore });
  const colleague = await another();
  clock.advance(10_000);
  const token = await holder.token();
  const captured = view(await holder.headers({ token }));
  await guard.authenticate(captured, { once: true });
  await refuses(colleague.authenticate(captured, { once: true }), 'proof_replayed');
  const fresh = view(await holder.headers({ token }));
  await colleague.authenticate(fresh, { once: true });
  await refuses(guard.authenticate(fresh, { once: true }), 'proof_replayed');
  const [[id, until] = ['', 0]] = replayStore.asked;
  match(id, /^[A-Za-z0-9_-]{43}$/);
  ok(until > clock() / 1000 + 30);
  deepEqual([guard.stats().storeCalls, colleague.stats().storeCalls], [2, 2]);
});

test('GUARD-24: only what passed every other check reaches the store', async () => {
  const replayStore = sharedStore();
  const { guard, issuer, holder } = await createScene({ replayStore, bearer: 'accept' });
  const token = await holder.token({ scope: 'orders:read' });
  const sent = view(await holder.headers({ token }));
  await refuses(guard.authenticate(sent, { once: true, scope: 'orders:write' }), 'scope_insufficient');
  await refuses(guard.authenticate(bearer(await issuer.token()), { once: true }), 'token_bearer_refused');
  await refuses(guard.authenticate(sent, { once: true }), 'proof_replayed');
  await guard.authenticate(view(await holder.headers({ token })));
  equal(replayStore.asked.length, 0);
  await guard.authenticate(view(await holder.headers({ token })), { once: true });
  equal(replayStore.asked.length, 1);
});

test('GUARD-25: a replay store that cannot tell refuses the request', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answers: (() => unknown)[] = [
    () => Promise.reject(new Error('connection lost')),
    () => {
      throw new Error('not connected');
    },
    () => Promise.resolve(undefined),
    () => Promise.resolve('OK'),
    () => new Promise(() => undefined),
  ];
  let answer = answers[0];
  const replayStore = { insertIfAbsent: () => answer?.() as Promise<boolean> };
  const { guard, holder } = await createScene({ replayStore });
  const token = await holder.token();
  const send = async () => guard.authenticate(view(await holder.headers({ token })), { once: true });
  for (answer of answers) {
    const sent = send().catch((error: unknown) => error);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(2_000);
    const refusal = await sent;
    ok(refusal instanceof AuthError);
    equal(refusal.code, 'replay_store_unavailable');
    equal(guard.challenge(refusal).status, 503);
    equal(guard.challenge(refusal).headers['retry-after'], '1');
  }
  answer = () => Promise.resolve(true);
  await send();
});
