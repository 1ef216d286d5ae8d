import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  attack,
  findings,
  givenCredential,
  refreshRequests,
  type AttackOptions,
  type Credential,
  type CredentialSource,
  type Report,
  type RequestParts,
} from '@symbolon/attack';
import { demandOk, signIn, type TestBrowser } from '../../packages/issuer/test/people/people-lab.ts';
import { allow, cookieName, elsewhere, openPeopleHouse, type PeopleHouse } from './people-house.ts';

let house: PeopleHouse;
before(async () => {
  house = await openPeopleHouse();
});
after(() => house.close());

void test('ATTACK-2: the account page and a linked application: nothing is accepted, and nothing is in doubt', async () => {
  const { url, api, app, otherApp, ada, bob, link } = house;
  const honest: CredentialSource = { isFresh: true, get: () => link(ada) };
  const report = await attack({
    ...{ request: { url: `${api}/me`, method: 'GET', headers: [] }, honest, rate: 400 }, // below what a guard takes of one session
    elsewhere: { isFresh: true, get: () => link(ada, elsewhere) },
    ...{ second: { isFresh: true, get: () => link(bob) }, issuer: url, tokenEndpoint: `${url}/token` },
    refreshRequest: refreshRequests({ endpoint: `${url}/token`, clientId: app.clientId }),
    endRequest: ({ token }) => Promise.resolve(endForm(token, cookieOf(ada))),
    ...{ account: `${url}/account`, visitor: given(ada), stranger: given(bob) },
    application: {
      ...{ ...app, form: { scope: 'read', resource: api }, other: otherApp, cookie: headerOf(ada) },
      visit: (to) => allow(ada, { url, to }),
    },
    destructive: true,
  });
  assertClean(report, 0.5);
  const tried = triedOf(report);
  assert.deepEqual(skippedOf(report, ['authorize/', 'web/account-', 'issuer/method-']), [
    'web/account-without-proof', // a cookie has none
    'authorize/code-twice-leaves-session', // within a minute, who has its key is answered again
  ]);
  for (const family of ['web/account-', 'replay/', 'refresh/', 'proof/', 'authorize/'])
    assert.ok(
      tried.some((id) => id.startsWith(family)),
      `nothing of ${family} was tried`,
    );
});

void test('ATTACK-2: a session that a cookie carries, before the account page: nothing is accepted, and nothing is in doubt', async () => {
  const { url } = house;
  const report = await attack({
    ...cookieOptions(),
    ...{ request: { url: `${url}/account`, method: 'GET', headers: [] }, account: `${url}/account` },
  });
  assertClean(report, 0.4);
});

void test('ATTACK-2: a session that a cookie carries, before a request that changes something: nothing is accepted, and nothing is in doubt', async () => {
  const { url } = house;
  const report = await attack({
    ...cookieOptions(),
    request: {
      ...{ url: `${url}/account/passkeys/options`, method: 'POST', body: '{}' },
      headers: [['Content-Type', 'application/json'], ...ownPage(url)],
    },
  });
  assertClean(report, 0.4);
  assert.ok(triedOf(report).some((id) => id.startsWith('web/forged-')));
});

void test('ATTACK-29: a token whose key has left the key set is refused, and called so only if that key is no longer published', async () => {
  const { url, api, issuer, ada, link } = house;
  const { token: formerToken } = await link(ada);
  const only = { only: ['keys/former-key'], formerToken, issuer: url };
  const honest: CredentialSource = { isFresh: true, get: () => link(ada) };
  const request = { url: `${api}/me`, method: 'GET', headers: [] };
  const before = await attack({ ...only, request, honest });
  assert.equal(before.results[0]?.verdict, 'skipped');
  const [header = ''] = formerToken.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
  assert.equal((await issuer.keys.revoke(kid, 'a test')).kind, 'revoked');
  await demandOk(await signIn(ada)); // her cookie was signed by that key too
  const after = await attack({ ...only, request, honest });
  assert.deepEqual([after.trouble, after.results[0]?.verdict], [undefined, 'refused']);
});

function cookieOptions(): Omit<AttackOptions, 'request'> {
  const { url, bob, signInAgain } = house;
  const honest: CredentialSource = {
    isFresh: true,
    get: async () => credentialOf(await signInAgain()),
  };
  return {
    ...{ honest, second: given(bob), issuer: url, stranger: given(bob), destructive: true },
    endRequest: ({ token }) => Promise.resolve(endForm(token, `${cookieName}=${token}`)),
  };
}

/** What the account page's button sends: ends the session of a token, if it belongs to who asks. */
function endForm(token: string, cookie: string): RequestParts {
  const { url } = house;
  const [, payload = ''] = token.split('.');
  const { sid } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sid: string };
  return {
    ...{ url: `${url}/account/sessions/${sid}/end`, method: 'POST', body: '' },
    headers: [['Cookie', cookie], ['Content-Type', 'application/x-www-form-urlencoded'], ...ownPage(url)],
  };
}

function ownPage(url: string): RequestParts['headers'] {
  return [
    ['Origin', url],
    ['Sec-Fetch-Site', 'same-origin'],
  ];
}

function given(person: TestBrowser): CredentialSource {
  return givenCredential(credentialOf(person));
}

function credentialOf(person: TestBrowser): Credential {
  const token = person.cookies.get(cookieName) ?? '';
  return { token, carrier: { kind: 'cookie', name: cookieName } };
}

function cookieOf(person: TestBrowser): string {
  return `${cookieName}=${person.cookies.get(cookieName) ?? ''}`;
}

/** All that the browser would send. */
function headerOf({ cookies }: TestBrowser): string {
  return [...cookies].map((pair) => pair.join('=')).join('; ');
}

function triedOf({ results }: Report): string[] {
  return results.filter(({ verdict }) => verdict === 'refused').map(({ id }) => id);
}

function skippedOf({ results }: Report, families: readonly string[]): string[] {
  return results
    .filter(({ id, verdict }) => verdict === 'skipped' && families.some((start) => id.startsWith(start)))
    .map(({ id }) => id);
}

function assertClean(report: Report, share: number): void {
  const lines = (list: Report['results']): string[] => list.map(({ id, why }) => `${id}: ${why}`);
  assert.equal(report.trouble, undefined);
  assert.deepEqual(lines(findings(report)), []);
  assert.deepEqual(lines(report.results.filter(({ verdict }) => verdict === 'inconclusive')), []);
  assert.ok(report.counts.refused > report.results.length * share, JSON.stringify(report.counts));
  assert.deepEqual(house.faults, []);
}
