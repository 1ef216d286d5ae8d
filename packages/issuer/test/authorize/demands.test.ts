import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as jose from 'jose';
import type { IssuedTokens } from '../../src/index.ts';
import {
  addApplication,
  addPerson,
  arrive,
  ask,
  codeFor,
  get,
  handleOn,
  locationOf,
  openLinkLab,
  redeem,
  redirectUri,
  signIn,
  submit,
  type Browser,
  type LinkLab,
} from './lab.ts';
import { post, refusalOf, tokensOf } from '../support.ts';

let lab: LinkLab;
let ada: Browser;
let grace: Browser;
let app: string;
before(async () => {
  lab = await openLinkLab();
  [ada, grace] = [await signIn(lab), await signIn(lab)];
  app = await addApplication(lab);
});
after(async () => {
  assert.deepEqual(lab.faults, []);
  await lab.issuer.close();
});

/** An ID token of this person for the application. */
async function identityOf(browser: Browser, client = app): Promise<string> {
  const asked = await ask(client, { scope: 'openid read' });
  const code = await codeFor(lab, asked, browser);
  const tokens: IssuedTokens & { id_token?: string } = await tokensOf(await redeem(lab, asked, { code }));
  return tokens.id_token ?? '';
}

const errorOf = (answer: Response): string | null => {
  const to = locationOf(answer);
  assert.equal(to.origin + to.pathname, redirectUri);
  return to.searchParams.get('error');
};

void test('AUTHORIZE-25: a hint decides for whom there is a code, also once it has expired', async () => {
  const hint = await identityOf(ada);
  await identityOf(grace);
  lab.clock.advance(600);
  // Their cookies of five minutes are over.
  [ada, grace] = [await signIn(lab, { subject: ada.subject }), await signIn(lab, { subject: grace.subject })];
  const asked = await ask(app, { scope: 'openid read', id_token_hint: hint, prompt: 'none' });
  assert.equal(errorOf(await arrive(lab, asked.parameters, grace)), 'login_required');
  assert.equal(errorOf(await arrive(lab, asked.parameters)), 'login_required', 'nobody is signed in');
  const answer = locationOf(await arrive(lab, asked.parameters, ada));
  assert.match(answer.searchParams.get('code') ?? '', /^[\w-]{43}$/);
  const others = await ask(app, { scope: 'openid read', prompt: 'none' });
  assert.equal(
    errorOf(await arrive(lab, others.parameters, grace)),
    null,
    'without a hint she is not stopped',
  );
  const pushed = await post(lab, '/par', { form: asked.parameters });
  const { request_uri = '' } = (await pushed.json()) as { request_uri?: string };
  const shown = await arrive(lab, { client_id: app, request_uri }, grace);
  assert.equal(errorOf(shown), 'login_required', 'pushed as well');
});

void test('AUTHORIZE-25: a hint is known when its key has long been replaced, and is published no more', async () => {
  const long = await openLinkLab();
  const client = await addApplication(long);
  const first = await signIn(long);
  const asked = await ask(client, { scope: 'openid' });
  const tokens: IssuedTokens & { id_token?: string } = await tokensOf(
    await redeem(long, asked, { code: await codeFor(long, asked, first) }),
  );
  const hint = tokens.id_token ?? '';
  const published = async (): Promise<number> => {
    const { keys } = (await (await get(long, '/jwks')).json()) as { keys: { purpose?: string }[] };
    return keys.filter(({ purpose }) => purpose === 'identity').length;
  };
  const before = await published();
  for (let month = 0; month < 12; month++) {
    long.clock.advance(31 * 24 * 3600);
    await long.issuer.keys.maintain();
  }
  assert.equal(await published(), before + 1, 'the last one may have signed within the hour');
  long.clock.advance(3601);
  assert.equal(await published(), before);
  const again = await signIn(long, { subject: first.subject });
  const { parameters } = await ask(client, { scope: 'openid', id_token_hint: hint, prompt: 'none' });
  const told = errorOf(await arrive(long, parameters, again));
  assert.equal(told, 'consent_required', 'it is her; what she allowed a year ago counts no more');
  const another = await signIn(long);
  assert.equal(errorOf(await arrive(long, parameters, another)), 'login_required');
  await long.issuer.close();
});

void test('AUTHORIZE-25: somebody else makes room, or goes back, and a yes of hers counts nothing', async () => {
  const hint = await identityOf(ada);
  const begin = async (by: Browser) => {
    const asked = await ask(app, { scope: 'openid read', id_token_hint: hint, prompt: 'consent' });
    const shown = await arrive(lab, asked.parameters, by);
    const text = await shown.clone().text();
    return { asked, text, shown, request: await handleOn(shown) };
  };
  const say = (request: string, decision: string, by: Browser, path = '/authorize/person') =>
    submit(lab, path, { form: { request, session: by.sid, decision }, browser: by });
  const other = await begin(grace);
  assert.match(other.text, /Another account is expected/);
  assert.doesNotMatch(other.text, new RegExp(ada.subject), 'whom it means is nobody else’s business');
  const policy = other.shown.headers.get('content-security-policy') ?? '';
  assert.match(policy, /form-action 'self' https:\/\/app\.example;/);
  const forced = await say(other.request, 'allow', grace, '/authorize/consent');
  assert.match(await forced.text(), /Another account is expected/);
  const foreign = await submit(lab, '/authorize/person', {
    form: { request: other.request, session: grace.sid, decision: 'switch' },
    ...{ browser: grace, site: 'cross-site' },
  });
  assert.equal(foreign.status, 403);
  const notHers = { request: other.request, session: ada.sid, decision: 'switch' };
  await submit(lab, '/authorize/person', { form: notHers, browser: grace });
  assert.notEqual(
    (await lab.storage.findBrowserSession(grace.sid)) ?? null,
    null,
    'nobody was signed out yet',
  );
  assert.equal(errorOf(await say((await begin(grace)).request, 'back', grace)), 'login_required');

  const left = await say(other.request, 'switch', grace);
  const to = locationOf(left);
  assert.equal(to.pathname, '/sign-in');
  assert.equal(await lab.storage.findBrowserSession(grace.sid), null, 'she was signed out');
  assert.match(left.headers.getSetCookie().join(), /symbolon=;/);
  const back = await get(lab, to.searchParams.get('return_to') ?? '', ada);
  const allowed = await say(await handleOn(back), 'allow', ada, '/authorize/consent');
  assert.equal(errorOf(allowed), null);
  assert.ok(locationOf(allowed).searchParams.has('code'));
  grace = await signIn(lab, { subject: grace.subject });
});

void test('AUTHORIZE-25: what is no ID token of ours for this client is no hint', async () => {
  const hint = await identityOf(ada);
  const asked = await ask(app);
  const tokens = await tokensOf(await redeem(lab, asked, { code: await codeFor(lab, asked, ada) }));
  const [header = '', payload = ''] = hint.split('.');
  const other = await addApplication(lab);
  const bad: [string, string][] = [
    ['x', 'identity_malformed'],
    ['x'.repeat(9000), 'identity_too_long'],
    [tokens.access_token, 'identity_key_unknown'],
    [`${header}.${payload}.${'A'.repeat(86)}`, 'identity_signature_invalid'],
    [await identityOf(ada, other), 'identity_audience_unexpected'],
  ];
  for (const [id_token_hint, code] of bad) {
    const { parameters } = await ask(app, { id_token_hint });
    assert.equal(errorOf(await arrive(lab, parameters, ada)), 'invalid_request', code);
    assert.deepEqual(await refusalOf(await post(lab, '/par', { form: parameters })), [400, code]);
  }
  assert.equal(errorOf(await arrive(lab, (await ask(app, { id_token_hint: hint })).parameters, ada)), null);
});

void test('AUTHORIZE-26: a sign-in of one’s own is held to what the application asked', async () => {
  const own = await openLinkLab({ people: { signIn: { url: 'https://login.example/start' } } });
  const client = await addApplication(own);
  const { authorizations } = own.issuer;
  const begin = async (over: Record<string, string> = {}) => {
    const asked = await ask(client, { scope: 'openid read', ...over });
    const to = locationOf(await arrive(own, asked.parameters));
    return { asked, request: to.searchParams.get('request') ?? '' };
  };
  const now = () => Math.floor(own.clock.now() / 1000);
  const complete = (request: string, over: { authTime?: number; amr?: string[]; subject?: string } = {}) =>
    authorizations.complete(request, { subject: 'ada', amr: ['pwd'], authTime: now(), ...over });

  const old: [Record<string, string>, number][] = [
    [{ prompt: 'login' }, 0],
    [{ max_age: '60' }, 60],
    [{ max_age: '0' }, 0],
  ];
  for (const [demand, age] of old) {
    const { request } = await begin(demand);
    const asked = now();
    own.clock.advance(100);
    assert.equal((await authorizations.describe(request))?.earliestAuthTime, asked - age);
    await assert.rejects(complete(request, { authTime: asked - age - 1 }), { code: 'sign_in_too_old' });
    assert.ok((await complete(request, { authTime: asked - age })) !== undefined, 'it was left open');
    assert.equal(await complete(request), undefined);
  }
  const free = await begin();
  assert.equal((await authorizations.describe(free.request))?.earliestAuthTime, null);
  assert.ok((await complete(free.request, { authTime: 0 })) !== undefined);

  const strong = await begin({ acr_values: 'phr' });
  await assert.rejects(complete(strong.request, { amr: ['pwd', 'otp'] }), { code: 'sign_in_too_weak' });
  const proved = new URL((await complete(strong.request, { amr: ['hwk'] })) ?? '');
  const answered = { code: proved.searchParams.get('code') ?? '' };
  const said: IssuedTokens & { id_token?: string } = await tokensOf(
    await redeem(own, strong.asked, answered),
  );
  const { acr, amr } = jose.decodeJwt(said.id_token ?? '');
  assert.deepEqual([acr, amr], ['phr', ['app:hwk']], 'what was accepted is said, and on whose word');
  const unmet = await begin({ acr_values: 'phr' });
  const told = new URL((await authorizations.refuse(unmet.request, 'authentication_unmet')) ?? '');
  assert.equal(told.searchParams.get('error'), 'unmet_authentication_requirements');

  const first = await begin();
  const back = new URL((await complete(first.request)) ?? '');
  const code = back.searchParams.get('code') ?? '';
  const tokens: IssuedTokens & { id_token?: string } = await tokensOf(
    await redeem(own, first.asked, { code }),
  );
  const hinted = await begin({ id_token_hint: tokens.id_token ?? '' });
  await assert.rejects(complete(hinted.request, { subject: 'grace' }), { code: 'sign_in_other_person' });
  assert.ok((await complete(hinted.request)) !== undefined);
  await own.issuer.close();
});

void test('AUTHORIZE-29: a login hint is text on the sign-in page, and says nothing of who has an account', async () => {
  const name = 'ada@example.com';
  await addPerson(lab, name);
  const pageFor = async (login_hint: string): Promise<string> => {
    const to = locationOf(await arrive(lab, (await ask(app, { login_hint })).parameters));
    assert.equal(to.pathname, '/sign-in');
    const text = await (await get(lab, to.href)).text();
    // The request has another handle each time.
    return text.replaceAll(to.searchParams.get('return_to')?.split('=')[1] ?? '-', 'handle');
  };
  const known = await pageFor(name);
  assert.match(known, /It expects <bdi class="name">ada@example\.com<\/bdi>/);
  assert.match(known, /name="account"\s+value="ada@example\.com"/);
  const unknown = await pageFor('bob@example.com');
  assert.equal(unknown.replaceAll('bob@', 'ada@'), known, 'nobody looked');
  const bare = await pageFor('');
  assert.match(bare, /name="account"\s+value=""/);
  assert.doesNotMatch(bare, /It expects/);
  assert.equal(await pageFor('x'.repeat(81)), bare, 'too long to be a name');
  assert.match(await pageFor('x'.repeat(80)), /It expects/);
  const markup = await pageFor('"><script>alert(1)</script>\u202e');
  assert.doesNotMatch(markup, /<script>|\u202e/);
  assert.match(markup, /value="&quot;&gt;&lt;script&gt;/);
});
