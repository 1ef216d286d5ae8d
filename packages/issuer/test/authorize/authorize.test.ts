import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGuard } from '@symbolon/guard';
import { signProof } from '@symbolon/token';
import { addApplication, ask, consent, openLinkLab, redeem, signIn } from './lab.ts';
import { api, issuerUrl, refresh, tokensOf } from '../support.ts';

void test('AUTHORIZE-1: a person allows an application, which redeems the code, calls an API and refreshes', async () => {
  const lab = await openLinkLab();
  const browser = await signIn(lab);
  const asked = await ask(await addApplication(lab));
  const answer = await consent(lab, asked, browser);
  assert.equal(answer.origin + answer.pathname, 'https://app.example/callback');
  assert.deepEqual([...answer.searchParams.keys()], ['code', 'state', 'iss']);
  assert.equal(answer.searchParams.get('state'), 'the state');
  const tokens = await tokensOf(await redeem(lab, asked, { code: answer.searchParams.get('code') ?? '' }));
  assert.equal(tokens.token_type, 'DPoP');
  assert.equal(tokens.scope, 'read');

  const guard = createGuard({
    ...{
      issuer: issuerUrl,
      audience: api,
      publicUrl: api,
      fetch: (input, init) => lab.issuer.fetch(new Request(input, init)),
    },
    ...{ clock: lab.clock.now, staleFeed: 'accept' },
  });
  const protect = guard.protect((_request, session) => Response.json(session.subject), { scope: 'read' });
  const call = async (nonce?: string) => {
    const [url, now] = [`${api}/photos`, lab.clock.now() / 1000];
    const named = nonce === undefined ? {} : { nonce };
    const made = await signProof(
      { method: 'GET', url, now, token: tokens.access_token, ...named },
      asked.holder,
    );
    return protect(
      new Request(url, { headers: { authorization: `DPoP ${tokens.access_token}`, dpop: made } }),
    );
  };
  const first = await call();
  const called = await call(first.headers.get('dpop-nonce') ?? '');
  assert.equal(await called.json(), browser.subject);
  guard.close();

  const next = await tokensOf(
    await refresh(lab, {
      ...{ clientId: asked.clientId, refreshToken: tokens.refresh_token ?? '', holder: asked.holder },
    }),
  );
  assert.equal(next.sid, tokens.sid);
  const row = await lab.storage.findSession(tokens.sid);
  assert.equal(row?.signIn, browser.sid);
  assert.ok(row.grantId !== null);
  assert.equal(row.subject, browser.subject);
  assert.deepEqual(lab.faults, []);
  await lab.issuer.close();
});
