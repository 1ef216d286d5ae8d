import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Storage } from '../../src/index.ts';
import { createAuthenticator } from './authenticator.ts';
import { askedOf, demandOk, openBrowser, signIn, type TestBrowser } from './people-lab.ts';
import { linkApp, openPageLab, type PageLab } from './page-lab.ts';
import { api, issuerUrl } from '../support.ts';

/** What a page sends that decides something: made ready, then sent. */
type Ask = (lab: PageLab, browser: TestBrowser) => Promise<() => Promise<Response>>;

const form =
  (path: string, fields: Readonly<Record<string, string>> = {}): Ask =>
  ({ adaSubject }, browser) =>
    Promise.resolve(() => browser.submit(path.replace('ADA', adaSubject), fields));

const addPasskey: Ask = async (_, browser) => {
  const asked = await askedOf(await browser.post('/account/passkeys/options', {}));
  const response = createAuthenticator({ origin: issuerUrl }).make(asked);
  return () => browser.post('/account/passkeys', { name: 'Laptop', response });
};

const removePasskey: Ask = async (lab, browser) => {
  await demandOk(await (await addPasskey(lab, browser))());
  const { subject = '' } = (await lab.storage.findAccount({ name: 'operator' })) ?? {};
  const passkey = (await lab.storage.listPasskeys(subject)).at(-1);
  return () => browser.submit(`/account/passkeys/${passkey?.id ?? ''}/remove`, {});
};

const endSession =
  (path: string): Ask =>
  async (lab, browser) => {
    const { sid } = await signInAgain(lab);
    return () => browser.submit(path.replace('SID', sid), {});
  };

const revokeKey: Ask = async ({ storage }, browser) => {
  const key = (await storage.listKeys()).find(({ purpose }) => purpose === 'session');
  return () => browser.submit(`/console/keys/${key?.kid ?? ''}/revoke`, {});
};

let renamed = 0;
const client = { name: 'Tidal', kind: 'public', redirect_uris: 'https://tidal.example/cb' };
const asks: Readonly<Record<string, Ask>> = {
  'add a passkey': addPasskey,
  'remove a passkey': removePasskey,
  'make recovery codes': form('/account/recovery-codes'),
  'end a session of his': endSession('/account/sessions/SID/end'),
  'end any session': endSession('/console/sessions/SID/end'),
  invite: form('/console/accounts/invite', { name: 'bea@example.com', role: 'person' }),
  'recover an account': form('/console/accounts/ADA/recover'),
  'change a role': form('/console/accounts/ADA/role', { role: 'operator' }),
  'end all of a person': form('/console/accounts/ADA/end'),
  'disable an account': form('/console/accounts/ADA/disable'),
  'enable an account': form('/console/accounts/ADA/enable'),
  'add a client': form('/console/clients', { ...client, [`may ${api} read`]: 'yes' }),
  'end all of a client': form('/console/clients/app/end'),
  'remove a client': form('/console/clients/app/remove'),
  'rotate a key': form('/console/keys/rotate', { purpose: 'session', alg: 'EdDSA' }),
  'revoke a key': revokeKey,
  'end everything else': form('/account/end-others'),
  'end a linked application': async (lab, browser) => {
    const { subject = '' } = (await lab.storage.findAccount({ name: 'operator' })) ?? {};
    const { grantId } = await linkApp(lab, subject);
    return () => browser.submit(`/account/applications/${grantId}/end`, {});
  },
  'rename a passkey': async (lab, browser) => {
    const { subject = '' } = (await lab.storage.findAccount({ name: 'operator' })) ?? {};
    const [passkey] = await lab.storage.listPasskeys(subject);
    const name = `Key ${String((renamed += 1))}`;
    return () => browser.submit(`/account/passkeys/${passkey?.id ?? ''}/name`, { name });
  },
  'rename an account': form('/console/accounts/ADA/name', { name: 'Ada L.' }),
  'remove an account': form('/console/accounts/ADA/remove'),
  'withdraw an invitation': async ({ issuer }, browser) => {
    await issuer.accounts?.invite({ name: 'bea@example.com' });
    return () => browser.submit('/console/accounts/withdraw', { name: 'bea@example.com' });
  },
  'change a client': async (_, browser) => {
    const path = '/console/clients/app/change';
    const seen = /name="seen" value="([^"]+)"/.exec(await (await browser.get(path)).text())?.[1] ?? '';
    const fields = { seen, name: 'Other', redirect_uris: 'https://tidal.example/cb', consent: 'ask' };
    return () => browser.submit(path, { ...fields, [`may ${api} read`]: 'yes' });
  },
};

/** The operator in another browser. */
async function signInAgain(lab: PageLab): Promise<{ browser: TestBrowser; sid: string }> {
  const browser = openBrowser(lab, { device: lab.operator.device });
  lab.clock.advance(1);
  await demandOk(await signIn(browser));
  const [newest] = await lab.storage.listSessions({ limit: 1 });
  assert.ok(newest);
  return { browser, sid: newest.sid };
}

/** A lab in which a session can be ended after it was looked at and before anything is decided. */
async function openInterruptedLab(): Promise<{ lab: PageLab; interrupt: (sid: string) => void }> {
  const interrupted = new Set<string>();
  const lab = await openPageLab('Fieldnotes', (storage: Storage) => ({
    ...storage,
    findBrowserSession: async (sid) => {
      const found = await storage.findBrowserSession(sid);
      if (interrupted.delete(sid)) await storage.endSignIn({ sid, by: 'operator', ends: 'everything' });
      return found;
    },
  }));
  return { lab, interrupt: (sid) => interrupted.add(sid) };
}

void suite('a session that ends between look and decision', () => {
  for (const [name, ask] of Object.entries(asks))
    void test(`BROWSER-31: cannot ${name}`, async () => {
      const { lab, interrupt } = await openInterruptedLab();
      const { browser, sid } = await signInAgain(lab);
      const send = await ask(lab, browser);
      const { audit, state } = await kept(lab);
      interrupt(sid);
      const answer = await send();
      assert.ok(answer.status === 403 || answer.status === 400);
      assert.match(await answer.text(), /session_ended/);
      const after = await kept(lab);
      assert.deepEqual(after.state, state);
      assert.deepEqual(
        after.audit.slice(0, -audit.length).map(({ kind, sid: of }) => [kind, of]),
        [['session_ended', sid]],
      );
      const done = await (await ask(lab, lab.operator))();
      assert.ok(done.status === 200 || done.status === 303, `${done.status} ${await done.text()}`);
      assert.doesNotMatch(done.headers.get('location') ?? '', /presence|sign-in/);
      assert.notDeepEqual((await kept(lab)).audit, after.audit, 'who is still signed in does it');
      await lab.issuer.close();
      assert.deepEqual(lab.faults, []);
    });
});

/** What any of it would change. */
async function kept({ storage }: PageLab): Promise<{
  audit: Awaited<ReturnType<Storage['searchAudit']>>['rows'];
  state: readonly unknown[];
}> {
  const people = await storage.searchAccounts({ limit: 10 });
  return {
    audit: (await storage.searchAudit({ limit: 1000 })).rows,
    state: [
      people,
      await storage.listClients(),
      await storage.listKeys(),
      await storage.listInvitations({ limit: 10 }),
      await Promise.all(people.map(({ subject }) => storage.listPasskeys(subject))),
      await Promise.all(people.map(({ subject }) => storage.countRecoveryCodes(subject))),
    ],
  };
}
