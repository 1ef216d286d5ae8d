import { AuthError } from '@symbolon/guard';
import fc from 'fast-check';
import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { audience, createScene, randomId, refuses, view } from './support.ts';

test('GUARD-3: a token is read from the Authorization header and from nowhere else', async () => {
  const { guard, holder, issuer, honest } = await createScene({ bearer: 'accept' });
  const token = await issuer.token();
  await guard.authenticate(view({ authorization: `Bearer ${token}` }));
  const elsewhere = [
    view({}),
    view({ authorization: '' }),
    view({}, { url: `/orders?access_token=${token}` }),
    view({}, { method: 'POST', url: `${audience}/orders?access_token=${token}#access_token=${token}` }),
    view({ cookie: `access_token=${token}; __Host-symbolon=${token}; token=${token}` }),
    view({ 'x-forwarded-authorization': `Bearer ${token}`, 'proxy-authorization': `Bearer ${token}` }),
    view({ authorization: 'Basic bWU6c2VjcmV0' }),
    view({ authorization: token }),
    view({ dpop: await holder.proof({ token }) }),
  ];
  for (const request of elsewhere) {
    const refusal = await refuses(guard.authenticate(request), 'token_missing');
    equal(refusal.status, 401);
    equal(refusal.error, undefined);
  }
  await honest();
});

test('GUARD-4: the scheme is compared without case; one space and one token follow', async () => {
  const { guard, issuer } = await createScene({ bearer: 'accept' });
  const token = await issuer.token();
  const send = (authorization: string) =>
    guard.authenticate({ ...view({}), headers: new Map([['authorization', authorization]]) });
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) await send(`${scheme} ${token}`);
  const malformed = [
    'Bearer',
    'Bearer ',
    `Bearer  ${token}`,
    `Bearer ${token} `,
    `Bearer ${token} ${token}`,
    `Bearer ${token}\n`,
    `Bearer \t${token}`,
    `Bearer "${token}"`,
    'Bearer %ff',
    `Bearer ${token}\u0000`,
    `Bearer ${token}é`,
    `Bearer {"payload":"${token}"}`,
  ];
  for (const authorization of malformed) {
    const { status } = await refuses(send(authorization), 'credentials_malformed');
    equal(status, 400);
  }
  await refuses(send(`Bearer\t${token}`), 'token_missing');
  await refuses(send(` Bearer ${token}`), 'token_missing');
  await refuses(send(`Bearer ${token}==`), 'token_signature_malformed');
  await send(`Bearer ${token}`);
});

test('GUARD-5: two credentials in one request are refused, however they are joined', async () => {
  const { guard, holder, issuer, honest } = await createScene({ bearer: 'accept' });
  const [bearer, bound] = [await issuer.token(), await holder.token()];
  const proof = await holder.proof({ token: bound });
  const twice = [
    `Bearer ${bearer}, Bearer ${bearer}`,
    `Bearer ${bearer},Bearer ${bearer}`,
    `DPoP ${bound}, Bearer ${bearer}`,
    `Basic bWU6c2VjcmV0, Bearer ${bearer}`,
    `Bearer ${bearer}, Basic bWU6c2VjcmV0`,
    `Bearer ${bearer},`,
  ];
  for (const authorization of twice) {
    const { status } = await refuses(
      guard.authenticate(view({ authorization, dpop: proof })),
      'credentials_multiple',
    );
    equal(status, 400);
  }
  const headers = new Headers({ authorization: `DPoP ${bound}`, dpop: proof });
  headers.append('dpop', await holder.proof({ token: bound }));
  await refuses(guard.authenticate({ ...view({}), headers }), 'proof_multiple');
  await honest(bound);
});

test('GUARD-6: a token longer than 8,192 characters is refused before it is looked at', async () => {
  const { guard, honest } = await createScene({ bearer: 'accept' });
  for (const long of ['.'.repeat(8_000_000), 'a'.repeat(8_193), `${'a'.repeat(9000)},`]) {
    await refuses(guard.authenticate(view({ authorization: `Bearer ${long}` })), 'token_too_long');
  }
  await refuses(guard.authenticate(view({ authorization: `Bearer ${'.'.repeat(8000)}` })), 'token_malformed');
  await honest();
});

test('GUARD-7: a token bound to a key is taken with the DPoP scheme and a proof, and in no other way', async () => {
  const { guard, holder, honest } = await createScene({ bearer: 'accept' });
  const token = await holder.token();
  const proof = await holder.proof({ token });
  await refuses(guard.authenticate(view({ authorization: `DPoP ${token}` })), 'proof_missing');
  await refuses(guard.authenticate(view({ authorization: `Bearer ${token}` })), 'token_carrier_unexpected');
  await refuses(
    guard.authenticate(view({ authorization: `Bearer ${token}`, dpop: proof })),
    'token_carrier_unexpected',
  );
  await honest(token);
});

test('GUARD-7: a bearer token is taken with the Bearer scheme alone, and only by a guard that accepts it', async () => {
  const { guard, issuer, holder } = await createScene({ bearer: 'accept' });
  const token = await issuer.token();
  const bearer = view({ authorization: `Bearer ${token}` });
  const proof = await holder.proof({ token });
  await guard.authenticate(bearer);
  await refuses(
    guard.authenticate(view({ authorization: `DPoP ${token}`, dpop: proof })),
    'token_carrier_unexpected',
  );
  await refuses(
    guard.authenticate(view({ authorization: `Bearer ${token}`, dpop: proof })),
    'token_carrier_unexpected',
  );
  await guard.authenticate(bearer);
});

test('GUARD-7: a guard that was not told to accept bearer tokens refuses them', async () => {
  const { guard, issuer, honest } = await createScene();
  const token = await issuer.token();
  await refuses(guard.authenticate(view({ authorization: `Bearer ${token}` })), 'token_bearer_refused');
  await honest();
});

test('GUARD-7: a token bound to a certificate or a cookie is refused: this guard cannot check them', async () => {
  const { guard, issuer, holder, honest } = await createScene({ bearer: 'accept' });
  const bound = [{ cnf: { 'x5t#S256': holder.key.kid } }, { crr: 'cookie' as const }];
  for (const carrier of bound) {
    const token = await issuer.token(carrier);
    const proof = await holder.proof({ token });
    await refuses(guard.authenticate(view({ authorization: `Bearer ${token}` })), 'token_carrier_unexpected');
    await refuses(
      guard.authenticate(view({ authorization: `DPoP ${token}`, dpop: proof })),
      'token_carrier_unexpected',
    );
  }
  await honest();
});

test('GUARD-4: no text in the two headers is ever a fault, and none is accepted', async () => {
  const { guard, holder, honest } = await createScene({ bearer: 'accept' });
  const token = await holder.token();
  const proof = await holder.proof({ token });
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'Bearer',
      'DPoP',
      'dpop',
      'Basic',
      ' ',
      '  ',
      ',',
      ', ',
      '.',
      '=',
      '\t',
      token,
      proof,
      randomId(),
    ),
  );
  const header = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
  await fc.assert(
    fc.asyncProperty(header, header, async (authorization, dpop) => {
      fc.pre(!(dpop === proof && authorization.toLowerCase() === `dpop ${token}`.toLowerCase()));
      const headers = new Map([
        ['authorization', authorization],
        ['dpop', dpop],
      ]);
      const outcome = await guard.authenticate({ ...view({}), headers }).catch((error: unknown) => error);
      ok(outcome instanceof AuthError, `${authorization} / ${dpop}`);
      const { status, headers: answer } = guard.challenge(outcome);
      ok(status >= 400 && status < 500 && answer['www-authenticate'] !== undefined);
    }),
    { numRuns: 300 },
  );
  await honest();
});
