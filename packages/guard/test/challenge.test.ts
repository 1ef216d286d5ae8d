import { challengeFor } from '@symbolon/guard';
import { AuthError, refusals, type AuthErrorCode } from '@symbolon/token';
import fc from 'fast-check';
import { deepEqual, equal, match, ok, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { createScene, randomId, refusalOf, view } from './support.ts';

const codes = Object.keys(refusals) as AuthErrorCode[];
const quoted = '"[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*"';
const parameters = `[a-z_]+=${quoted}(?:, [a-z_]+=${quoted})*`;
const wellFormed = new RegExp(`^DPoP ${parameters}(?:, Bearer(?: ${parameters})?)?$`);

test('GUARD-35: every refusal of the table is a well-formed answer that nothing may store', () => {
  for (const code of codes) {
    for (const bearer of [true, false]) {
      const { status, headers, body } = challengeFor(new AuthError(code), { bearer });
      const row = refusals[code];
      equal(status, row.status);
      equal(headers['cache-control'], 'no-store');
      const told = JSON.parse(body) as { error?: string; error_description: string };
      deepEqual([told.error, told.error_description], [row.error, row.text]);
      const challenge = headers['www-authenticate'];
      equal(challenge === undefined, status === 429 || status === 503);
      if (challenge !== undefined) match(challenge, wellFormed);
    }
  }
});

test('GUARD-35: without a token the answer names the schemes and algorithms and no error', async () => {
  const { guard } = await createScene();
  const accepting = (await createScene({ bearer: 'accept' })).guard;
  const missing = await refusalOf(guard.authenticate(view({})));
  const algs = 'DPoP algs="EdDSA Ed25519 ES256 ML-DSA-44"';
  equal(guard.challenge(missing).headers['www-authenticate'], algs);
  equal(accepting.challenge(missing).headers['www-authenticate'], `${algs}, Bearer`);
});

test('GUARD-35: what a proof is refused for is said in the DPoP challenge alone', async () => {
  const { guard, holder } = await createScene({ bearer: 'accept' });
  const token = await holder.token();
  const bare = await refusalOf(guard.authenticate(view({ authorization: `DPoP ${token}` })));
  match(
    guard.challenge(bare).headers['www-authenticate'] ?? '',
    /^DPoP error="invalid_dpop_proof".*, Bearer$/,
  );
  const bad = await refusalOf(guard.authenticate(view({ authorization: `Bearer ${token}` })));
  match(
    guard.challenge(bad).headers['www-authenticate'] ?? '',
    /^DPoP error="invalid_token".*, Bearer error="invalid_token"/,
  );
});

test('GUARD-36: an answer repeats nothing of the request', async () => {
  const { guard, issuer, holder } = await createScene({
    bearer: 'accept',
    nonces: { key: new Uint8Array(32) },
  });
  const token = await issuer.token({ sub: `subject-${randomId()}` });
  const bound = await holder.token();
  const secret = fc.stringMatching(/^[A-Za-z0-9._-]{12,60}$/);
  await fc.assert(
    fc.asyncProperty(secret, async (word) => {
      const requests = [
        view({ authorization: `Bearer ${word}` }),
        view({ authorization: word }),
        view({ authorization: `${word} ${word}` }),
        view({ authorization: `Bearer ${token}.${word}` }),
        view({ authorization: `DPoP ${bound}`, dpop: word }),
        view({ authorization: `DPoP ${bound}`, dpop: await holder.proof({ token: bound, nonce: word }) }),
        view({ authorization: `DPoP ${bound}` }, { method: word, url: `/${word}?${word}` }),
      ];
      for (const request of requests) {
        const refusal = await refusalOf(guard.authenticate(request));
        const answer = JSON.stringify([
          guard.challenge(refusal),
          refusal.message,
          refusal.detail,
          String(refusal.stack),
        ]);
        ok(!answer.includes(word), answer);
        ok(!answer.includes(token) && !answer.includes(bound));
      }
    }),
    { numRuns: 30 },
  );
});

test('GUARD-37: what is no refusal is never answered as one', async () => {
  const fault = new Error('disk full');
  for (const thrown of [
    fault,
    new TypeError('wrong call'),
    undefined,
    null,
    'text',
    { status: 401, code: 'token_missing' },
  ])
    throws(
      () => challengeFor(thrown, { bearer: false }),
      (error) => error === thrown,
    );
  const { guard, honest } = await createScene();
  await honest();
  const broken = {
    ...view({}),
    headers: {
      get: (): string => {
        throw fault;
      },
    },
  };
  await rejects(guard.authenticate(broken), (error) => error === fault);
  await rejects(
    guard.protect(() => new Response())(broken as unknown as Request),
    (error) => error === fault,
  );
  const { faults, refused } = guard.stats();
  deepEqual({ faults, refused }, { faults: 2, refused: 0 });
});
