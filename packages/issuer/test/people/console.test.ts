import { deepEqual, doesNotMatch, equal, match } from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { enrol, openBrowser, provePresence, signIn } from './people-lab.ts';
import {
  asksForPasskey,
  hiddenForm,
  leadsTo,
  linkApp,
  openPageLab,
  submitAndFollow,
  type PageLab,
} from './page-lab.ts';
import { newClient, opened } from '../storage/lab.ts';
import { api } from '../support.ts';

suite('the console', () => {
  let lab: PageLab;
  beforeEach(async () => {
    lab = await openPageLab();
  });
  afterEach(async () => {
    await lab.issuer.close();
    deepEqual(lab.faults, []);
  });

  const read = async (path: string): Promise<string> => (await lab.operator.get(path)).text();
  const stands = async (sid: string): Promise<boolean | undefined> =>
    (await lab.storage.findSession(sid))?.alive;

  test('PAGE-20: an application is added by a form that keeps what was typed, and removed', async () => {
    const fields = {
      ...{ name: 'Tidal', id: 'tidal', kind: 'public', consent: 'ask', [`may ${api} read`]: 'yes' },
      redirect_uris: 'http://tidal.example/cb',
    };
    const refused = await lab.operator.submit('/console/clients', fields);
    equal(refused.status, 400);
    const again = await refused.text();
    match(again, /It was not added\.[^]*value="Tidal"[^]*http:\/\/tidal\.example\/cb/);
    match(again, new RegExp(`name="may ${api} read"\\s+value="yes"\\s+checked`));
    const right = { ...fields, redirect_uris: 'https://tidal.example/cb\r\nhttps://tidal.example/two\r\n' };
    match(await submitAndFollow(lab.operator, '/console/clients', right), /The application was added/);
    const client = await lab.storage.findClient('tidal');
    deepEqual(client?.audiences, [{ audience: api, scope: ['read'] }]);
    deepEqual(client.registration.redirectUris, ['https://tidal.example/cb', 'https://tidal.example/two']);
    equal((await lab.operator.submit('/console/clients', right)).status, 400);
    const keyless = { ...right, id: 'server', kind: 'web', keys: '{"kty":' };
    match(await (await lab.operator.submit('/console/clients', keyless)).text(), /The keys are not JSON/);
    const text = await submitAndFollow(lab.operator, '/console/clients/tidal/remove');
    match(text, /The client is removed/);
    equal((await lab.storage.findClient('tidal'))?.removedAt === null, false);
    equal((await lab.operator.submit('/console/clients/symbolon/remove', {})).status, 400);
    equal((await lab.storage.findClient('symbolon'))?.removedAt, null);
  });

  test('PAGE-21: people are invited, promoted, disabled and enabled, and nobody changes himself', async () => {
    const invitation = await (
      await lab.operator.submit('/console/accounts/invite', { name: 'bea@example.com', role: 'person' })
    ).text();
    const [, link = ''] = /<textarea[^>]*>([^<]+)</.exec(invitation) ?? [];
    match(link, /^https:\/\/issuer\.example\/enrol#[\w-]{43}$/);
    doesNotMatch(await read('/console/accounts'), /enrol#/);
    const bea = openBrowser(lab);
    equal((await enrol(bea, link)).status, 200);
    await signIn(bea);
    equal((await bea.get('/account')).status, 200);
    const taken = await lab.operator.submit('/console/accounts/invite', { name: 'bea@example.com' });
    match(await taken.text(), /There is an account of this name/);
    const { subject = '' } = (await lab.storage.findAccount({ name: 'bea@example.com' })) ?? {};
    match(
      await submitAndFollow(lab.operator, `/console/accounts/${subject}/role`, { role: 'operator' }),
      /new role/,
    );
    equal((await bea.get('/console')).status, 200);
    match(await submitAndFollow(lab.operator, `/console/accounts/${subject}/disable`), /is disabled/);
    equal((await bea.get('/account')).status, 303);
    equal((await signIn(bea)).status === 200, false);
    match(await submitAndFollow(lab.operator, `/console/accounts/${subject}/enable`), /enabled again/);
    equal((await signIn(bea)).status, 200);
    const self = (await lab.storage.findAccount({ name: 'operator' }))?.subject ?? '';
    for (const change of ['end', 'disable', 'role']) {
      equal((await lab.operator.submit(`/console/accounts/${self}/${change}`, {})).status, 400, change);
    }
    equal((await lab.operator.get('/console')).status, 200);
  });

  test('PAGE-22: sessions are found and ended, one, all of a person, all of a client', async () => {
    const one = await linkApp(lab, lab.adaSubject);
    const two = await linkApp(lab, lab.adaSubject);
    const found = await read('/console/sessions?client=app&subject=ada%40example.com');
    match(found, new RegExp(one.sid));
    match(found, /End all of <bdi class="name">ada@example\.com/);
    doesNotMatch(await read('/console/sessions?subject=nobody'), new RegExp(one.sid));
    const back = '/console/sessions?client=app';
    const ended = await lab.operator.submit(`/console/sessions/${one.sid}/end`, { back });
    match(leadsTo(ended), /^\/console\/sessions\?client=app&said=/);
    match(await read(leadsTo(ended)), /The session is over/);
    deepEqual([await stands(one.sid), await stands(two.sid)], [false, true]);
    const away = await lab.operator.submit(`/console/sessions/${one.sid}/end`, {
      back: 'https://evil.example/',
    });
    match(leadsTo(away), /^\/console\/sessions\?said=/);
    match(
      await submitAndFollow(lab.operator, `/console/accounts/${lab.adaSubject}/end`),
      /All sessions of this person/,
    );
    equal(await stands(two.sid), false);
    equal((await lab.ada.get('/account')).status, 303);
    lab.clock.advance(1);
    const three = await linkApp(lab, lab.adaSubject);
    match(await submitAndFollow(lab.operator, '/console/clients/app/end'), /All sessions of the client/);
    equal(await stands(three.sid), false);
  });

  test('PAGE-23: keys are rotated and revoked, and one that guards cannot hold waits', async () => {
    const current = async (): Promise<string | undefined> =>
      (await lab.storage.listKeys()).find(
        ({ purpose, alg, state }) => `${purpose} ${alg} ${state}` === 'session EdDSA current',
      )?.kid;
    const before = await current();
    const which = { purpose: 'session', alg: 'EdDSA' };
    match(await read('/console/keys/rotate?purpose=session&alg=EdDSA'), /Rotate this key\?/);
    match(await submitAndFollow(lab.operator, '/console/keys/rotate', which), /The next key signs/);
    const after = await current();
    equal(after === before, false);
    const early = await lab.operator.submit('/console/keys/rotate', which);
    equal(early.status, 409);
    match(await early.text(), /may not hold the next key before/);
    equal(await current(), after);
    match(await submitAndFollow(lab.operator, `/console/keys/${after ?? ''}/revoke`), /The key is gone/);
    equal(
      (await lab.storage.listKeys()).some(({ kid }) => kid === after),
      false,
    );
    equal((await lab.operator.submit('/console/keys/rotate', { purpose: 'x', alg: 'none' })).status, 400);
  });

  test('PAGE-24: the overview counts, and says how far each guard is', async () => {
    await linkApp(lab, lab.adaSubject);
    await lab.storage.acknowledge({
      ...{ instance: 'i', clientId: 'app', name: 'eu-1', audience: api, keys: [] },
      to: (await lab.storage.now()) - 400_000,
    });
    const text = await read('/console');
    match(text, /<dt>Linked<\/dt>\s*<dd>1<\/dd>/);
    match(text, /<dt>Signed in<\/dt>\s*<dd>2<\/dd>/);
    match(text, /aria-label="Sessions started: 3 in 30 minutes, at most 3 in one\."/);
    match(text, /eu-1[^]*hears every end[^]*0\.4 s/);
    match(text, /<dd>1 of 1<\/dd>/);
  });

  test('PAGE-25: the audit log by kind, client and session', async () => {
    const { sid } = await linkApp(lab, lab.adaSubject);
    match(await read(`/console/audit?sid=${sid}`), new RegExp(`session started[^]*${sid}`));
    match(await read('/console/audit?kind=client_added&client=app'), /<strong>client added<\/strong>/);
    match(await read('/console/audit?kind=key_revoked'), /No line found/);
    match(await read('/console/audit?kind=%27%3B--&before=x'), /<strong>session started<\/strong>/);
  });

  test('PAGE-30: clients are searched by a part of name or id, and paged through, each once', async () => {
    const long = `https://apps.example/${'x'.repeat(300)}`;
    for (let n = 0; n < 60; n++) {
      lab.clock.advance(1);
      await lab.storage.addClient(
        newClient({ id: n === 10 ? long : `many-${n}`, kind: 'public', name: `<i>${n}` }),
      );
    }
    const shown = (text: string): readonly string[] =>
      [...text.matchAll(/<p class="fine code">([^<]*)<\/p>/g)].map(([, id = '']) => id);
    const link = (text: string, words: string): string =>
      new RegExp(`href="([^"]*)">${words}<`).exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const first = await read('/console/clients');
    equal(shown(first).length, 50);
    equal(shown(first)[0], 'many-59');
    doesNotMatch(first, /Newest clients/);
    const second = await read(link(first, 'Older clients'));
    equal(shown(second).length, 12);
    equal(new Set([...shown(first), ...shown(second)]).size, 62);
    doesNotMatch(second, /Older clients/);
    equal(link(second, 'Newest clients'), '/console/clients');
    const found = await read('/console/clients?search=MANY-5');
    deepEqual(shown(found).length, 11);
    match(found, /name="search"\s+value="MANY-5"/);
    const of = await read('/console/clients?search=%3Ci%3E&after=9000000000000000.x');
    equal(shown(of).length, 50);
    match(link(of, 'Older clients'), /^\/console\/clients\?search=%3Ci%3E&after=\d+\.https%3A/);
    equal(link(of, 'Newest clients'), '/console/clients?search=%3Ci%3E');
    equal(
      shown(await read(link(of, 'Older clients'))).length,
      10,
      'also behind an id that is as long as an address',
    );
    match(await read('/console/clients?search=%25'), /No client found[^]*Nothing fits this search\./);
    equal(shown(await read("/console/clients?after=1'.x")).length, 50, 'what is no place is the beginning');
  });

  test('PAGE-34: invitations that nobody has used are listed and withdrawn, and an account without a passkey is no such', async () => {
    await lab.operator.submit('/console/accounts/invite', { name: 'bea@example.com', role: 'operator' });
    const [invited] = (await lab.issuer.accounts?.invitations()) ?? [];
    equal(invited?.name, 'bea@example.com');
    const list = await read('/console/accounts');
    match(list, /Invitations not used yet[^]*bea@example\.com[^]*operator[^]*Withdraw/);
    doesNotMatch(await read('/console/accounts?search=ada'), /Invitations not used yet/);
    lab.clock.advance(301);
    const absent = await lab.operator.submit('/console/accounts/withdraw', { name: 'bea@example.com' });
    equal(leadsTo(absent), '/presence?return_to=%2Fconsole%2Faccounts');
    equal((await lab.issuer.accounts?.invitations())?.length, 1);
    equal((await provePresence(lab.operator)).status, 200);
    const said = await submitAndFollow(lab.operator, '/console/accounts/withdraw', {
      name: 'bea@example.com',
    });
    match(said, /The invitation works no more/);
    doesNotMatch(said, /Invitations not used yet/);
    deepEqual(await lab.issuer.accounts?.invitations(), []);
    const [line] = await lab.storage.listAudit({ kind: 'invitation_withdrawn', limit: 5 });
    match(String(line?.fields['by']), /^operator:/);
    doesNotMatch(list, /recovery codes only/);
    equal((await provePresence(lab.ada)).status, 200);
    await lab.ada.submit('/account/recovery-codes', {});
    const [passkey] = await lab.storage.listPasskeys(lab.adaSubject);
    await lab.ada.submit(`/account/passkeys/${passkey?.id ?? ''}/remove`, {});
    match(await read('/console/accounts?search=ada'), /recovery codes only/);
  });

  test('PAGE-61: what was typed when presence has run out comes back, in no address, and is done only when it is sent again', async () => {
    const name = `"Tidal" & <b>'s`;
    const add = {
      ...{ name, id: 'tidal', kind: 'web', consent: 'given', [`may ${api} read`]: 'yes' },
      redirect_uris: 'https://tidal.example/cb\nhttps://tidal.example/two',
      keys: '[{"kty":"OKP"}]',
    };
    const change = { seen: 'x', name, consent: 'given', redirect_uris: 'https://a.example/cb' };
    const ada = `/console/accounts/${lab.adaSubject}/name`;
    const forms = [
      [lab.operator, '/console/clients', '/console/clients/add', add],
      [lab.operator, '/console/clients/app/change', '/console/clients/app/change', change],
      [lab.operator, '/console/accounts/invite', '/console/accounts/invite', { name, role: 'operator' }],
      [lab.operator, ada, ada, { name }],
      [lab.ada, '/account/name', '/account/name', { name }],
    ] as const;
    const told = async () => [
      (await lab.storage.listAudit({ limit: 1000 })).length,
      await lab.storage.listClients(),
      (await lab.issuer.accounts?.list())?.map(({ subject, name, role }) => [subject, name, role]),
      await lab.issuer.accounts?.invitations(),
    ];
    for (const [browser, path, page, typed] of forms) {
      lab.clock.advance(301);
      const before = await told();
      const asked = await browser.submit(path, typed);
      const text = await asked.text();
      deepEqual([asked.status, asked.headers.get('location')], [200, null], path);
      match(text, /Is it still you\?[^]*What you typed is kept/);
      match(text, new RegExp(`data-return-to="${page}"`));
      const kept = hiddenForm(text, 'typed');
      equal(kept.action, path);
      const again = await browser.submit(kept.action, kept.fields);
      match(await again.text(), /Is it still you\?/, 'without a proof it asks again');
      equal((await provePresence(browser)).status, 200);
      const proved = await told();
      const back = await browser.submit(kept.action, kept.fields);
      const form = await back.text();
      equal(back.status, 200, path);
      match(form, /Here is what you typed: nothing was done with it yet/);
      for (const value of Object.values(typed).filter((value) => value !== 'yes'))
        equal(
          form.includes(
            value
              .replaceAll('&', '&amp;')
              .replaceAll('<', '&lt;')
              .replaceAll('>', '&gt;')
              .replaceAll('"', '&quot;')
              .replaceAll("'", '&#39;'),
          ),
          true,
          `${path} ${value}`,
        );
      equal((form.match(/value="(given|operator|web)"\s+checked/g) ?? []).length, optionsOf(typed), path);
      deepEqual(await told(), proved, path);
      deepEqual(proved.slice(1), before.slice(1), path);
    }
    const stranger = openBrowser(lab);
    match(leadsTo(await stranger.submit('/console/clients', add)), /problem=session_over$/);
    match(await submitAndFollow(lab.operator, '/console/accounts/invite', { name }), /Invitation for/);
  });

  test('PAGE-26: what changes who may do what needs presence', async () => {
    await lab.storage.addClient(
      newClient({ id: 'machine', kind: 'machine', keys: [{ kty: 'OKP', x: 'machine' }] }),
    );
    const { sid } = await opened(lab.storage, { clientId: 'machine' });
    const linked = await linkApp(lab, lab.adaSubject);
    const [key] = await lab.storage.listKeys();
    lab.clock.advance(301);
    const at = `/console/accounts/${lab.adaSubject}`;
    const acts = [
      ['/console/clients/add', '/console/clients', { name: 'x', redirect_uris: 'https://x.example/' }],
      ['/console/clients/app/remove', '/console/clients/app/remove', {}],
      ['/console/clients/symbolon/end', '/console/clients/symbolon/end', {}],
      // There a machine's key is blocked.
      ['/console/sessions', `/console/sessions/${sid}/end`, {}],
      ['/console/accounts/invite', '/console/accounts/invite', { name: 'x' }],
      [`${at}/role`, `${at}/role`, { role: 'operator' }],
      [`${at}/disable`, `${at}/disable`, {}],
      [`${at}/enable`, `${at}/enable`, {}],
      [`/console/keys/${key?.kid ?? ''}/revoke`, `/console/keys/${key?.kid ?? ''}/revoke`, {}],
      [
        '/console/keys/rotate?purpose=session&alg=EdDSA',
        '/console/keys/rotate',
        { purpose: 'session', alg: 'EdDSA' },
      ],
    ] as const;
    const before = (await lab.storage.listAudit({ limit: 1000 })).length;
    for (const [asks, does, form] of acts) {
      const to = `/presence?return_to=${encodeURIComponent(asks)}`;
      const absent = await lab.operator.submit(does, form);
      equal(await asksForPasskey(absent), true, does);
      if (!('name' in form)) equal(leadsTo(absent), to);
      if (asks !== '/console/sessions') equal(leadsTo(await lab.operator.get(asks)), to);
    }
    equal((await lab.storage.listAudit({ limit: 1000 })).length, before);
    equal(await stands(sid), true);
    await lab.operator.submit(`/console/sessions/${linked.sid}/end`, {});
    equal(await stands(linked.sid), false, 'a person’s blocks no key, so it is ended at once');
    equal((await provePresence(lab.operator)).status, 200);
    for (const [asks] of acts) equal((await lab.operator.get(asks)).status, 200, asks);
  });
});

/** How many of its values are those of buttons that were chosen, and not what the form begins with. */
function optionsOf(typed: Readonly<Record<string, string>>): number {
  return Object.values(typed).filter((value) => ['given', 'operator', 'web'].includes(value)).length;
}
