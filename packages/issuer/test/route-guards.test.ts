import { deepEqual, equal, match } from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { accountRoutes } from '../src/http/account/routes.ts';
import { authorizeRoutes } from '../src/http/authorize/routes.ts';
import { consoleRoutes } from '../src/http/console/routes.ts';
import type { PeopleOffice } from '../src/http/office.ts';
import { signInRoutes } from '../src/http/sign-in/routes.ts';
import { leadsTo, linkApp, openPageLab, type PageLab } from './people/page-lab.ts';
import { openBrowser, type TestBrowser } from './people/people-lab.ts';

/** The rows of the very tables that are served; what answers them is asked by HTTP alone. */
const nobodysOffice = {
  registration: {},
  userinfoGuard: { protect: (handler: unknown) => handler },
} as unknown as PeopleOffice;
const consoleRows = consoleRoutes(nobodysOffice, '').map(([method, path]) => ({ method, path }));
const accountRows = accountRoutes(nobodysOffice, '')
  .map(([method, path]) => ({ method, path }))
  .filter(({ path }) => path.startsWith('/account'));
/** What a browser is sent to by anybody is told apart otherwise: applications post there, and devices. */
const openToOthers = [
  '/authorize',
  '/par',
  '/register',
  '/userinfo',
  '/logout',
  '/dbsc/register',
  '/dbsc/refresh',
];
const peopleRows = [
  ...accountRows,
  ...consoleRows,
  ...[...signInRoutes(nobodysOffice, ''), ...authorizeRoutes(nobodysOffice, '')]
    .map(([method, path]) => ({ method, path }))
    .filter(({ path }) => !openToOthers.includes(path)),
];

suite('every row of the tables', () => {
  let lab: PageLab;
  /** What a row is about: something that is there, so that whoever is let in changes it. */
  let named: Readonly<Record<string, string>>;

  before(async () => {
    lab = await openPageLab();
    const operator = (await lab.storage.findAccount({ name: 'operator' }))?.subject ?? '';
    const { sid, grantId } = await linkApp(lab, operator);
    const [key] = await lab.storage.listKeys();
    const [passkey] = await lab.storage.listPasskeys(operator);
    named = {
      '/console/sessions': sid,
      '/console/clients': 'app',
      '/console/accounts': operator,
      '/console/keys': key?.kid ?? '',
      '/account/applications': grantId,
      '/account/sessions': sid,
      '/account/passkeys': passkey?.id ?? '',
    };
  });
  after(async () => {
    await lab.issuer.close();
    deepEqual(lab.faults, []);
  });

  const pathOf = (path: string): string => {
    const [room = '', rest] = path.split('/:parameter');
    return rest === undefined ? path : `${room}/${named[room] ?? ''}${rest}`;
  };
  const send = (
    browser: TestBrowser,
    { method, path }: { method: string; path: string },
  ): Promise<Response> => {
    const to = pathOf(path);
    return method === 'GET' ? browser.get(to) : browser.submit(to, { role: 'person', name: 'x' });
  };
  const told = async (): Promise<number> => (await lab.storage.listAudit({ limit: 1000 })).length;

  test('PAGE-3: no row of the console answers a person, nor does anything', async () => {
    const before = await told();
    equal(consoleRows.length > 20, true);
    for (const row of consoleRows) {
      const answer = await send(lab.ada, row);
      deepEqual([row.method, row.path, answer.status], [row.method, row.path, 403]);
      match(await answer.text(), /This page is for operators/);
    }
    equal(await told(), before, 'nothing was done');
    equal((await lab.operator.get('/console')).status, 200, 'nor to anybody');
  });

  test('BROWSER-5: no row for people answers what another site has sent', async () => {
    const before = await told();
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    for (const { path } of peopleRows.filter(({ method }) => method === 'POST')) {
      for (const accept of ['text/html', 'application/json']) {
        const answer = await lab.operator.submit(pathOf(path), {}, { headers: { ...headers, accept } });
        deepEqual([path, answer.status], [path, 403]);
        match(await answer.text(), /request_cross_site/);
      }
    }
    equal(await told(), before, 'nothing was done');
    equal((await lab.operator.get('/console')).status, 200, 'nor was anybody signed out');
  });

  test('PAGE-3: no row of account or console answers nobody, nor does anything', async () => {
    const before = await told();
    const nobody = openBrowser(lab);
    for (const row of [...accountRows, ...consoleRows]) {
      const answer = await send(nobody, row);
      const to = leadsTo(answer).split('?')[0];
      const isAsked = answer.status === 303 && to === '/sign-in';
      const code = isAsked ? 'sign-in' : ((await answer.json()) as { code?: string }).code;
      deepEqual([row, code], [row, isAsked ? 'sign-in' : 'session_ended']);
    }
    equal(await told(), before);
  });
});
