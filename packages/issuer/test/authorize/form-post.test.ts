import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  addApplication,
  arrive,
  ask,
  authorizePath,
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
import { issuerUrl, post, tokensOf } from '../support.ts';

let lab: LinkLab;
let browser: Browser;
before(async () => {
  lab = await openLinkLab();
  browser = await signIn(lab);
});
after(async () => {
  assert.deepEqual(lab.faults, []);
  await lab.issuer.close();
});

/** The one form of the page, as a browser would send it. */
async function formOn(answer: Response): Promise<{ action: string; fields: Record<string, string> }> {
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('location'), null);
  const text = await answer.text();
  const names: Record<string, string> = { quot: '"', lt: '<', gt: '>', amp: '&' };
  const plain = (value = ''): string => value.replaceAll(/&(\w+);/g, (_, name: string) => names[name] ?? '');
  const [action, ...more] = [...text.matchAll(/<form[^>]* method="post" action="([^"]+)"/g)];
  assert.deepEqual([action !== undefined, more.length], [true, 0], 'one form');
  assert.match(text, /<button[^>]*>Continue<\/button>/, 'for who has scripts off');
  const fields = [...text.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  return {
    action: plain(action?.[1]),
    fields: Object.fromEntries(fields.map(([, name = '', value]) => [name, plain(value)])),
  };
}

void test('AUTHORIZE-50: a code comes in a form that leads to the application alone, and works', async () => {
  const uri = 'https://app.example/callback?kind=1';
  const app = await addApplication(lab, { redirectUris: [uri] });
  const over = { response_mode: 'form_post', redirect_uri: uri, state: '"><b>&' };
  const asked = await ask(app, over);
  const shown = await arrive(lab, asked.parameters, browser);
  const form = { request: await handleOn(shown), session: browser.sid, decision: 'allow' };
  const answer = await submit(lab, '/authorize/consent', { form, browser });
  const policy = answer.headers.get('content-security-policy') ?? '';
  assert.match(policy, /; form-action https:\/\/app\.example;/);
  assert.match(policy, /script-src 'self';.*frame-ancestors 'none'/);
  assert.match(answer.headers.get('cache-control') ?? '', /no-store/);
  const script = /<script src="(\/assets\/form-post\.js)" type="module">/.exec(await answer.clone().text());
  const sent = await get(lab, script?.[1] ?? '');
  assert.match(await sent.text(), /\.submit\(\)/);
  const { action, fields } = await formOn(answer);
  assert.equal(action, uri);
  assert.deepEqual(Object.keys(fields), ['code', 'state', 'iss']);
  assert.deepEqual([fields['state'], fields['iss']], ['"><b>&', issuerUrl]);
  const tokens = await tokensOf(await redeem(lab, asked, { code: fields['code'] ?? '' }));
  assert.equal(tokens.scope, 'read');
  const again = await formOn(await arrive(lab, (await ask(app, over)).parameters, browser));
  assert.ok(again.fields['code'] !== undefined, 'also where nobody is asked');
});

void test('AUTHORIZE-50: an error comes in the same way, from each place that says one', async () => {
  const app = await addApplication(lab);
  const over = { response_mode: 'form_post' };
  const told = async (answer: Response) => {
    const { action, fields } = await formOn(answer);
    return [action, fields['error'], fields['state'], fields['iss'], fields['code']];
  };
  const expected = (error: string) => [redirectUri, error, 'the state', issuerUrl, undefined];
  const bad = await ask(app, { ...over, scope: 'admin' });
  assert.deepEqual(await told(await get(lab, authorizePath(bad.parameters))), expected('invalid_scope'));
  const silent = await ask(app, { ...over, prompt: 'none' });
  assert.deepEqual(await told(await arrive(lab, silent.parameters)), expected('login_required'));
  const { parameters } = await ask(app, over);
  const pushed = await post(lab, '/par', { form: parameters });
  const { request_uri = '' } = (await pushed.json()) as { request_uri?: string };
  const shown = await arrive(lab, { client_id: app, request_uri }, browser);
  const form = { request: await handleOn(shown), session: browser.sid, decision: 'refuse' };
  const refused = await submit(lab, '/authorize/consent', { form, browser });
  assert.deepEqual(await told(refused), expected('access_denied'));
});

void test('AUTHORIZE-50: other modes, other schemes and a sign-in elsewhere have none of it', async () => {
  const native = 'com.example.app:/callback';
  const app = await addApplication(lab, { redirectUris: [redirectUri, native, 'http://127.0.0.1/cb'] });
  const answered = async (over: Record<string, string>) =>
    get(lab, authorizePath((await ask(app, over)).parameters));
  for (const response_mode of ['fragment', 'jwt', 'form_post.jwt', 'query.jwt', 'web_message', 'FORM_POST'])
    assert.equal(locationOf(await answered({ response_mode })).searchParams.get('error'), 'invalid_request');
  const scheme = locationOf(await answered({ response_mode: 'form_post', redirect_uri: native }));
  assert.equal(scheme.protocol, 'com.example.app:');
  assert.equal(scheme.searchParams.get('error'), 'invalid_request');
  assert.match(scheme.searchParams.get('error_description') ?? '', /response modes/);
  for (const over of [
    { response_mode: 'query' },
    { response_mode: 'form_post', redirect_uri: 'http://127.0.0.1:5000/cb' },
  ])
    assert.equal(locationOf(await answered(over)).pathname, '/authorize', 'kept');

  const modes = async (of: LinkLab): Promise<unknown> => {
    const said = await get(of, '/.well-known/openid-configuration');
    return ((await said.json()) as Record<string, unknown>)['response_modes_supported'];
  };
  assert.deepEqual(await modes(lab), ['query', 'form_post']);
  const own = await openLinkLab({ people: { signIn: { url: 'https://login.example/start' } } });
  assert.deepEqual(await modes(own), ['query']);
  const { parameters } = await ask(await addApplication(own), { response_mode: 'form_post' });
  const refused = locationOf(await get(own, authorizePath(parameters)));
  assert.equal(refused.searchParams.get('error'), 'invalid_request');
  await own.issuer.close();
});
