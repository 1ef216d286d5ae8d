import { createGuard } from '@symbolon/guard';
import { signProof } from '@symbolon/token';
import fc from 'fast-check';
import { equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import {
  audience,
  createScene,
  createTestHolder,
  refusalOf,
  refuses,
  view,
  type TestHolder,
} from './support.ts';

const dpop = (token: string, proof: string, request?: { method?: string; url?: string }) =>
  view({ authorization: `DPoP ${token}`, dpop: proof }, request);

test('GUARD-14: a proof is for the configured public URL and the path of the request', async () => {
  const { another, clock, holder } = await createScene();
  const guard = await another({ publicUrl: 'https://public.example/v1/' });
  clock.advance(10_000);
  const token = await holder.token();
  const send = async (signed: string, url: string, more: Record<string, string> = {}, method = 'GET') => {
    const proof = await holder.proof({
      token,
      url: signed,
      method: 'GET',
    });
    return guard.authenticate({
      method,
      url,
      headers: new Headers({ authorization: `DPoP ${token}`, dpop: proof, ...more }),
    });
  };
  const right = 'https://public.example/v1/orders';
  await send(right, '/orders');
  await send(right, '/orders?page=2#top');
  await send('HTTPS://PUBLIC.example:443/v1/%6frders?x', '/orders');
  await send(right, 'http://10.0.0.1:8080/orders?page=2');
  const forwarded = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    forwarded: 'host=evil.example',
  };
  await send(right, '/orders', forwarded);
  const wrong: [string, string][] = [
    ['https://evil.example/v1/orders', '/orders'],
    ['https://evil.example/orders', 'https://evil.example/orders'],
    ['https://public.example/orders', '/orders'],
    [`${right}/`, '/orders'],
    ['https://public.example/v1/orders/2', '/orders'],
    ['https://public.example./v1/orders', '/orders'],
    ['http://public.example/v1/orders', '/orders'],
    ['https://evil.example/orders', '//evil.example/orders'],
    [right, '*'],
    ['https://public.example/v1.evil.example/orders', 'x:.evil.example/orders'],
    // A router may take these for something under /admin.
    [right, '/admin/../orders'],
    [right, '/admin/%2E./orders'],
    [right, '/admin\\..\\orders'],
    [right, 'http://public.example/admin/../orders'],
    [right, '/./orders'],
    ['https://public.example/v1/', '/orders/..'],
  ];
  for (const [signed, url] of wrong) await refuses(send(signed, url, forwarded), 'proof_url_unexpected');
  await send('https://public.example/v1/.orders/..a/...', '/.orders/..a/...?to=/../admin');
  await refuses(send(right, '/orders', {}, 'POST'), 'proof_method_unexpected');
  await refuses(send(right, '/orders', {}, 'get'), 'proof_method_unexpected');
  await send(right, '/orders');
});

test('GUARD-15: a proof by another key, or for another token, is refused', async () => {
  const { guard, issuer, holder, honest } = await createScene();
  const thief = await createTestHolder(issuer);
  const [token, other] = [await holder.token(), await thief.token()];
  await refuses(guard.authenticate(dpop(token, await thief.proof({ token }))), 'proof_key_unexpected');
  await refuses(
    guard.authenticate(dpop(token, await holder.proof({ token: other }))),
    'proof_token_unexpected',
  );
  const now = issuer.clock() / 1000;
  const bare = await signProof({ method: 'GET', url: `${audience}/orders`, now }, holder.key);
  await refuses(guard.authenticate(dpop(token, bare)), 'proof_token_unexpected');
  await refuses(guard.authenticate(dpop(token, token)), 'proof_header_invalid');
  await honest(token);
});

test('GUARD-15: a holder whose key is known already gains nothing by it', async () => {
  const { guard, issuer, holder, honest } = await createScene();
  const thief = await createTestHolder(issuer);
  const [token, own] = [await holder.token(), await thief.token()];
  for (let round = 0; round < 2; round++) {
    await honest(token);
    await guard.authenticate(dpop(own, await thief.proof({ token: own })));
    await refuses(guard.authenticate(dpop(token, await thief.proof({ token }))), 'proof_key_unexpected');
    const [header = '', payload = ''] = (await thief.proof({ token })).split('.');
    const [honestHeader = '', , signature = ''] = (await holder.proof({ token })).split('.');
    const mixed = `${honestHeader}.${payload}.${signature}`;
    await refuses(guard.authenticate(dpop(token, mixed)), 'proof_signature_invalid');
    await refuses(
      guard.authenticate(dpop(own, `${header}.${payload}.${signature}`)),
      'proof_signature_invalid',
    );
  }
});

test('GUARD-16: a proof is accepted once', async () => {
  const { guard, holder, honest } = await createScene();
  const token = await holder.token();
  const proof = await holder.proof({ token });
  await guard.authenticate(dpop(token, proof));
  for (let i = 0; i < 3; i++) await refuses(guard.authenticate(dpop(token, proof)), 'proof_replayed');
  await honest(token);
});

test('GUARD-16: of 50 requests with one proof at once, one is accepted', async () => {
  const { guard, holder } = await createScene();
  const token = await holder.token();
  const proof = await holder.proof({ token });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, () => guard.authenticate(dpop(token, proof))),
  );
  equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('GUARD-16: a proof is remembered until its time has passed, and forgotten then', async () => {
  const { guard, holder, clock, honest } = await createScene();
  const token = await holder.token();
  const ahead = await holder.proof({ token, now: clock() / 1000 + 5 });
  await guard.authenticate(dpop(token, ahead));
  for (let second = 0; second < 35; second++) {
    await refuses(guard.authenticate(dpop(token, ahead)), 'proof_replayed');
    clock.advance(1000);
  }
  await refuses(guard.authenticate(dpop(token, ahead)), 'proof_replayed');
  clock.advance(1);
  await refuses(guard.authenticate(dpop(token, ahead)), 'proof_expired');
  clock.advance(40_000);
  await honest(token);
  equal(guard.stats().rememberedProofs, 1);
});

test('GUARD-17: no flood pushes a proof out of memory', async () => {
  const { guard, issuer, holder } = await createScene();
  const token = await holder.token();
  const captured = await holder.proof({ token });
  await guard.authenticate(dpop(token, captured));
  for (let key = 0; key < 4; key++) {
    const attacker = await createTestHolder(issuer);
    const own = await attacker.token();
    for (let i = 0; i < 500; i++) await guard.authenticate(dpop(own, await attacker.proof({ token: own })));
    await refuses(guard.authenticate(dpop(token, captured)), 'proof_replayed');
  }
  equal(guard.stats().rememberedProofs, 2001);
});

test('GUARD-17: what was not verified is not remembered', async () => {
  const { guard, issuer, holder, honest } = await createScene();
  const thief = await createTestHolder(issuer);
  const token = await holder.token();
  for (let i = 0; i < 50; i++) {
    await refuses(guard.authenticate(dpop(token, await thief.proof({ token }))), 'proof_key_unexpected');
    const proof = await holder.proof({ token });
    await refuses(guard.authenticate(dpop(token, `${proof.slice(0, -4)}AAAA`)), 'proof_signature_invalid');
  }
  equal(guard.stats().rememberedProofs, 0);
  await honest(token);
});

test('GUARD-18: a clock that goes back opens no way for what was forgotten', async () => {
  const { guard, holder, clock, honest } = await createScene();
  const token = await holder.token();
  const proof = await holder.proof({ token });
  await guard.authenticate(dpop(token, proof));
  clock.advance(60_000);
  await honest(token);
  clock.advance(-60_000);
  await refuses(guard.authenticate(dpop(token, proof)), 'proof_expired');
});

test('GUARD-19: a session that sends too many proofs is told to wait; nobody else is', async () => {
  const { guard, issuer, holder, clock, honest } = await createScene({ proofRate: 10 });
  const calm = await createTestHolder(issuer);
  const [token, other] = [await holder.token(), await calm.token()];
  for (let i = 0; i < 10; i++) await honest(token);
  const refusal = await refuses(honest(token), 'proof_rate_exceeded');
  const { status, headers } = guard.challenge(refusal);
  equal(status, 429);
  match(headers['retry-after'] ?? '', /^[1-9][0-9]*$/);
  await guard.authenticate(dpop(other, await calm.proof({ token: other })));
  clock.advance(101);
  await honest(token);
  await refuses(honest(token), 'proof_rate_exceeded');
  clock.advance(5_000);
  for (let i = 0; i < 10; i++) await honest(token);
});

test('GUARD-19: the rate holds for long, whatever the pattern', async () => {
  const { guard, holder, clock } = await createScene({ proofRate: 20 });
  const token = await holder.token();
  let accepted = 0;
  for (let step = 0; step < 400; step++) {
    clock.advance([7, 13, 1, 90, 0, 0][step % 6] ?? 0);
    const outcome = await guard
      .authenticate(dpop(token, await holder.proof({ token })))
      .catch(() => undefined);
    accepted += outcome === undefined ? 0 : 1;
  }
  const seconds = (400 / 6) * 0.111;
  ok(accepted <= 20 + 20 * seconds + 1 && accepted >= 19 * seconds, `${accepted} in ${seconds} s`);
});

test('GUARD-19: replays and forgeries do not slow the session down that they imitate', async () => {
  const { guard, holder, honest } = await createScene({ proofRate: 5 });
  const token = await holder.token();
  const captured = await holder.proof({ token });
  await guard.authenticate(dpop(token, captured));
  for (let i = 0; i < 100; i++) {
    await refuses(guard.authenticate(dpop(token, captured)), 'proof_replayed');
    await refuses(guard.authenticate(dpop(token, `${captured.slice(0, -4)}AAAA`)), 'proof_signature_invalid');
  }
  for (let i = 0; i < 4; i++) await honest(token);
  await refuses(honest(token), 'proof_rate_exceeded');
});

test('GUARD-20: a restart forgets nothing: what an earlier process may have accepted is challenged', async () => {
  const { guard, another, holder, clock } = await createScene();
  clock.advance(60_000);
  const token = await holder.token();
  for (const ahead of [-29, -1, 0, 1, 5]) {
    const proof = await holder.proof({ token, now: clock() / 1000 + ahead });
    await guard.authenticate(dpop(token, proof));
    const restarted = await another();
    await refuses(restarted.authenticate(dpop(token, proof)), 'proof_nonce_required');
    clock.advance(1000);
    await refusalOf(restarted.authenticate(dpop(token, proof)));
  }
});

test('GUARD-20: an honest holder gets through a restarted guard with the nonce it is given', async () => {
  const { another, holder, clock } = await createScene();
  const token = await holder.token();
  const restarted = await another();
  const refusal = await refuses(
    restarted.authenticate(dpop(token, await holder.proof({ token }))),
    'proof_nonce_required',
  );
  const { status, headers } = restarted.challenge(refusal);
  equal(status, 401);
  match(headers['www-authenticate'] ?? '', /^DPoP error="use_dpop_nonce"/);
  const nonce = headers['dpop-nonce'] ?? '';
  const second = await holder.proof({ token, nonce });
  await restarted.authenticate(dpop(token, second));
  await refuses(restarted.authenticate(dpop(token, second)), 'proof_replayed');
  clock.advance(6_000);
  await restarted.authenticate(dpop(token, await holder.proof({ token })));
});

test('GUARD-20: a nonce of the process before does not help, even with a shared key', async () => {
  const nonces = { key: crypto.getRandomValues(new Uint8Array(32)) };
  const { guard, another, holder, clock } = await createScene({ nonces });
  const token = await holder.token();
  const nonce = await nonceOf(guard, holder);
  const proof = await holder.proof({ token, nonce });
  await guard.authenticate(dpop(token, proof));
  const restarted = await another();
  await refuses(restarted.authenticate(dpop(token, proof)), 'proof_nonce_required');
  clock.advance(1000);
  await refuses(restarted.authenticate(dpop(token, proof)), 'proof_nonce_required');
  await restarted.authenticate(
    dpop(token, await holder.proof({ token, nonce: await nonceOf(restarted, holder) })),
  );
});

test('GUARD-21: where nonces are required, every proof needs a fresh one of the guards of this audience', async () => {
  const nonces = { key: crypto.getRandomValues(new Uint8Array(32)) };
  const { guard, another, holder, clock } = await createScene({ nonces });
  const colleague = await another();
  const stranger = await another({ nonces: { key: crypto.getRandomValues(new Uint8Array(32)) } });
  clock.advance(10_000);
  const token = await holder.token();
  const send = async (nonce?: string) =>
    guard.authenticate(dpop(token, await holder.proof({ token, ...(nonce === undefined ? {} : { nonce }) })));
  await refuses(send(), 'proof_nonce_required');
  await send(await nonceOf(guard, holder));
  await send(await nonceOf(colleague, holder));
  await refuses(send(await nonceOf(stranger, holder)), 'proof_nonce_required');
  const kept = await nonceOf(guard, holder);
  clock.advance(120_000);
  await send(kept);
  clock.advance(1000);
  await refuses(send(kept), 'proof_nonce_required');
  await send(await nonceOf(guard, holder));
});

test('GUARD-21: a nonce from the future is no fresh one', async () => {
  const nonces = { key: crypto.getRandomValues(new Uint8Array(32)) };
  const { guard, another, holder, clock } = await createScene({ nonces });
  const ahead = await another({ clock: () => clock() + 10_000 });
  clock.advance(10_000);
  const token = await holder.token();
  const nonce = await nonceOf(ahead, holder);
  const send = async () => guard.authenticate(dpop(token, await holder.proof({ token, nonce })));
  await refuses(send(), 'proof_nonce_required');
  clock.advance(5_000);
  await send();
});

test('GUARD-21: no text but an issued nonce passes for one', async () => {
  const nonces = { key: crypto.getRandomValues(new Uint8Array(32)) };
  const { guard, holder } = await createScene({ nonces, proofRate: 1_000_000 });
  const token = await holder.token();
  const issued = await nonceOf(guard, holder);
  const changed = fc
    .tuple(fc.nat(issued.length - 1), fc.constantFrom('A', 'B', 'Z', 'a', 'z', '0', '9', '-', '_'))
    .map(([at, character]) => issued.slice(0, at) + character + issued.slice(at + 1));
  const text = fc.oneof(fc.string({ minLength: 1 }), fc.stringMatching(/^[A-Za-z0-9_-]{27}$/), changed);
  await fc.assert(
    fc.asyncProperty(text, async (nonce) => {
      fc.pre(nonce !== issued);
      const refusal = await refusalOf(guard.authenticate(dpop(token, await holder.proof({ token, nonce }))));
      ok(['proof_nonce_required', 'proof_claim_invalid'].includes(refusal.code), refusal.code);
    }),
  );
  await guard.authenticate(dpop(token, await holder.proof({ token, nonce: issued })));
});

/** The nonce that a guard challenges this holder with now. */
async function nonceOf(guard: ReturnType<typeof createGuard>, holder: TestHolder): Promise<string> {
  const token = await holder.token();
  const request = dpop(token, await holder.proof({ token, nonce: 'none' }));
  const refusal = await guard.authenticate(request).catch((error: unknown) => error);
  return guard.challenge(refusal).headers['dpop-nonce'] ?? '';
}
