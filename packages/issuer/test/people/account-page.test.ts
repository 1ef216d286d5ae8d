import { deepEqual, doesNotMatch, equal, match, notEqual } from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { enrol, openBrowser, provePresence, signIn } from './people-lab.ts';
import { leadsTo, linkApp, openPageLab, submitAndFollow, type PageLab } from './page-lab.ts';

suite('the account page', () => {
  let lab: PageLab;
  beforeEach(async () => {
    lab = await openPageLab();
  });
  afterEach(async () => {
    await lab.issuer.close();
    deepEqual(lab.faults, []);
  });

  const stands = async (sid: string): Promise<boolean | undefined> =>
    (await lab.storage.findSession(sid))?.alive;
  const sessionsOf = async (subject: string): Promise<readonly string[]> =>
    (await lab.storage.listSessions({ subject, only: 'alive', limit: 50 })).map(({ sid }) => sid);

  test('PAGE-10: what is linked and who is signed in, with words, marks and buttons', async () => {
    await linkApp(lab, lab.adaSubject);
    const other = openBrowser(lab, { device: lab.ada.device });
    await signIn(other);
    const text = await (await lab.ada.get('/account')).text();
    match(text, /1 linked application and\s+2 browsers can act for ada@example\.com/);
    match(text, /Use <code>read<\/code>/);
    equal(text.match(/class="mark accent">this browser/g)?.length, 1);
    equal(text.match(/cookie only/g)?.length, 2);
    equal(text.match(/>\s*End<span class="unseen">/g)?.length, 2);
    match(text, /End session<span class="unseen"> of Fieldnotes on a device without a name</);
    doesNotMatch(text, /bound to this device/);
  });

  test('PAGE-18: one session of a linked application ends, and the link and the others stay', async () => {
    const { grantId, sid } = await linkApp(lab, lab.adaSubject);
    lab.clock.advance(1);
    const other = await linkApp(lab, lab.adaSubject);
    equal(other.grantId, grantId);
    await lab.engine.batch([
      { sql: `UPDATE sessions SET device = '<b>Phone' WHERE id = '${sid}'`, values: [] },
    ]);
    const text = await (await lab.ada.get('/account')).text();
    match(text, /<summary>2 sessions<\/summary>[^]*without a name[^]*&lt;b&gt;Phone/, 'the last used first');
    const path = `/account/sessions/${sid}/end`;
    match(
      text,
      new RegExp(`action="${path}">\\s*<button[^>]*>\\s*End session<span class="unseen"> of Fieldnotes on`),
    );
    match(await submitAndFollow(lab.operator, path), /nothing to do/);
    equal(await stands(sid), true);
    const after = await submitAndFollow(lab.ada, path);
    match(after, /The session is over/);
    match(after, /Session ended: <bdi class="name">Fieldnotes</);
    match(after, /<summary>1 session<\/summary>/);
    doesNotMatch(after, /b&gt;Phone/);
    deepEqual([await stands(sid), await stands(other.sid)], [false, true]);
    const [link] = await lab.storage.listApplications({ subject: lab.adaSubject, limit: 5 });
    deepEqual([link?.grantId, link?.sessions], [grantId, 1]);
    match(await submitAndFollow(lab.ada, `/account/sessions/${other.sid}/end`), /<span>No session<\/span>/);
  });

  test('PAGE-11: an end is final, and says at how many guards and who has not answered', async () => {
    const acknowledge = async (name: string, to: number): Promise<void> =>
      lab.storage.acknowledge({
        instance: name,
        clientId: 'app',
        name,
        audience: 'https://api.example',
        to,
        keys: [],
      });
    await acknowledge('eu-1', Number.MAX_SAFE_INTEGER);
    await acknowledge('eu-2', Number.MAX_SAFE_INTEGER);
    const { grantId, sid } = await linkApp(lab, lab.adaSubject);
    const text = await submitAndFollow(lab.ada, `/account/applications/${grantId}/end`);
    match(text, /The application is no longer linked\.<\/strong>\s*Ended at 2 of 2 guards in 0\.\d s\./);
    match(text, /No application is linked/);
    match(text, /Application ended: <bdi class="name">Fieldnotes<\/bdi>/);
    equal(await stands(sid), false);
    // Of a link without a session no guard hears before it reports the next time.
    const unused = await linkApp(lab, lab.adaSubject);
    await lab.issuer.sessions.end({ sid: unused.sid });
    const unlinked = await submitAndFollow(lab.ada, `/account/applications/${unused.grantId}/end`);
    match(unlinked, /The application is no longer linked\. It had no session/);
    // A guard that has missed its reports is named, and nobody waits for it.
    lab.clock.advance(60);
    await acknowledge('eu-1', Number.MAX_SAFE_INTEGER);
    await lab.storage.acknowledge({
      ...{
        instance: 'us-1',
        clientId: 'app',
        name: 'us-1',
        audience: 'https://api.example',
        to: 1,
        keys: [],
      },
    });
    lab.clock.advance(30);
    await signIn(lab.ada);
    lab.clock.advance(1);
    const other = openBrowser(lab, { device: lab.ada.device });
    await signIn(other);
    const [first] = await sessionsOf(lab.adaSubject);
    const ended = await submitAndFollow(lab.ada, `/account/sessions/${first ?? ''}/end`);
    match(ended, /The session is over\.<\/strong>\s*Ended at 2 of 3 guards in 0\.\d s\./);
    match(ended, /1 guard has not answered[^]*us-1<\/bdi>: silent for 31 s/);
    equal((await other.get('/account')).status, 303);
  });

  test('PAGE-12: what is another person’s stays', async () => {
    const { grantId, sid } = await linkApp(lab, lab.adaSubject);
    const [browser = ''] = (await sessionsOf(lab.adaSubject)).filter((own) => own !== sid);
    const [passkey] = await lab.storage.listPasskeys(lab.adaSubject);
    match(await submitAndFollow(lab.operator, `/account/applications/${grantId}/end`), /nothing to do/);
    match(await submitAndFollow(lab.operator, `/account/sessions/${browser}/end`), /nothing to do/);
    const at = `/account/passkeys/${passkey?.id ?? ''}`;
    notEqual((await lab.operator.submit(`${at}/name`, { name: 'Mine' })).status, 303);
    notEqual((await lab.operator.submit(`${at}/remove`, {})).status, 303);
    deepEqual([await stands(sid), await stands(browser)], [true, true]);
    deepEqual(await lab.storage.listPasskeys(lab.adaSubject), [passkey]);
    match(await submitAndFollow(lab.ada, `${at}/name`, { name: 'Mine' }), /<bdi class="name">Mine<\/bdi>/);
  });

  test('PAGE-13: everything else ends, and this browser stays', async () => {
    const { sid } = await linkApp(lab, lab.adaSubject);
    const other = openBrowser(lab, { device: lab.ada.device });
    await signIn(other);
    match(await (await lab.ada.get('/account/end-others')).text(), /End everything else\?/);
    const text = await submitAndFollow(lab.ada, '/account/end-others');
    match(text, /Everything else is over/);
    match(text, /<span>Everything else ended<\/span>/);
    match(text, /No application is linked/);
    equal(await stands(sid), false);
    deepEqual([(await other.get('/account')).status, (await lab.ada.get('/account')).status], [303, 200]);
    equal((await lab.operator.get('/account')).status, 200);
  });

  test('PAGE-14: what matters needs a passkey proved within five minutes', async () => {
    const other = openBrowser(lab, { device: lab.ada.device });
    await signIn(other);
    const [passkey] = await lab.storage.listPasskeys(lab.adaSubject);
    const before = await sessionsOf(lab.adaSubject);
    lab.clock.advance(301);
    const paths = [
      '/account/end-others',
      '/account/recovery-codes',
      `/account/passkeys/${passkey?.id ?? ''}/remove`,
    ];
    for (const path of paths) {
      const to = `/presence?return_to=${encodeURIComponent(path)}`;
      deepEqual([leadsTo(await lab.ada.get(path)), leadsTo(await lab.ada.submit(path, {}))], [to, to]);
    }
    for (const path of ['/account/passkeys/options', '/account/passkeys']) {
      const body = { name: 'x', response: lab.ada.device.make({ challenge: 'x', user: { id: 'eA' } }) };
      const refused = await lab.ada.post(path, path.endsWith('options') ? {} : body);
      equal(((await refused.json()) as { code?: string }).code, 'presence_required', path);
    }
    deepEqual(await sessionsOf(lab.adaSubject), before);
    equal(await lab.storage.countRecoveryCodes(lab.adaSubject), 0);
    equal((await provePresence(lab.ada)).status, 200);
    equal((await lab.ada.get('/account/end-others')).status, 200);
    match(await submitAndFollow(lab.ada, '/account/end-others'), /Everything else is over/);
  });

  test('PAGE-14: a passkey is added and removed, and the last one is not', async () => {
    lab.clock.advance(1);
    const options = await lab.ada.post('/account/passkeys/options', {});
    const asked = ((await options.json()) as { options: { challenge: string; user: { id: string } } })
      .options;
    const added = await lab.ada.post('/account/passkeys', {
      name: 'Second',
      response: openBrowser(lab).device.make(asked),
    });
    const { location } = (await added.json()) as { location: string };
    match(await (await lab.ada.get(location)).text(), /The passkey was added/);
    const [first, second] = await lab.storage.listPasskeys(lab.adaSubject);
    equal(second?.name, 'Second');
    const text = await submitAndFollow(lab.ada, `/account/passkeys/${second.id}/remove`);
    match(text, /The passkey was removed/);
    const refused = await lab.ada.submit(`/account/passkeys/${first?.id ?? ''}/remove`, {});
    match(await refused.text(), /It is the last passkey/);
    deepEqual(await lab.storage.listPasskeys(lab.adaSubject), [first]);
  });

  test('PAGE-16: the last passkey can be removed there while recovery codes are left, and not else', async () => {
    const [passkey] = await lab.storage.listPasskeys(lab.adaSubject);
    const remove = `href="/account/passkeys/${passkey?.id ?? ''}/remove"`;
    const shows = async () => (await (await lab.ada.get('/account')).text()).includes(remove);
    equal(await shows(), false);
    await lab.ada.submit('/account/recovery-codes', {});
    equal(await shows(), true);
  });

  test('PAGE-15: recovery codes are shown once, by the answer that made them', async () => {
    match(await (await lab.ada.get('/account/recovery-codes')).text(), /Make ten codes/);
    const made = await lab.ada.submit('/account/recovery-codes', {});
    equal(made.status, 200);
    equal(made.headers.get('cache-control'), 'private, no-store');
    const shown = await made.text();
    match(shown, /For [^]*ada@example\.com[^]* at issuer\.example: each is typed together with this name/);
    const [, code = ''] = /<code>([0-9A-Z-]{24})<\/code>/.exec(shown) ?? [];
    match(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){4}$/);
    const account = await (await lab.ada.get('/account')).text();
    match(account, /10 left/);
    doesNotMatch(account, new RegExp(code));
    const lost = openBrowser(lab);
    const to = leadsTo(await lost.submit('/sign-in/recovery', { account: 'ada@example.com', code }));
    equal((await enrol(lost, `https://issuer.example${to}`)).status, 200);
  });
});
