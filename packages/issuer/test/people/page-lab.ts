import { api } from '../support.ts';
import {
  openBrowser,
  openFirst,
  openPeopleLab,
  provePresence,
  signIn,
  enrol,
  demandOk,
  type PeopleLab,
  type TestBrowser,
} from './people-lab.ts';
import { id } from '../storage/lab.ts';

/** An issuer with an operator and a person, each signed in, and an application to link. */
export interface PageLab extends PeopleLab {
  readonly operator: TestBrowser;
  readonly ada: TestBrowser;
  readonly adaSubject: string;
}

const appRedirect = 'https://app.example/cb';

/** Opens it. `application` is the name of the application, `seen` as in `openPeopleLab`. */
export async function openPageLab(
  application = 'Fieldnotes',
  seen?: Parameters<typeof openPeopleLab>[1],
): Promise<PageLab> {
  const lab = await openPeopleLab({}, seen);
  const operator = await openFirst(lab);
  const invited = await lab.issuer.accounts?.invite({ name: 'ada@example.com' });
  if (invited?.kind !== 'invited') throw new Error('unexpected account, expected none');
  const ada = openBrowser(lab);
  await demandOk(await enrol(ada, invited.link));
  await demandOk(await signIn(ada));
  await lab.storage.addClient({
    ...{ id: 'app', name: application, kind: 'public', keys: [], bearer: false, rights: [], by: 'test' },
    audiences: [{ audience: api, scope: ['read', 'write'] }],
    registration: {
      ...{ redirectUris: [appRedirect], postLogoutRedirectUris: [], backchannelLogoutUri: null },
      ...{ by: 'operator', consent: 'ask' },
    },
    subject: { id: id(), handle: id() },
  });
  const adaSubject = (await lab.storage.findAccount({ name: 'ada@example.com' }))?.subject ?? '';
  return { ...lab, operator, ada, adaSubject };
}

/** What a person has allowed the application, as the consent writes it; answers the session's `sid`. */
export async function linkApp(
  { storage }: PageLab,
  subject: string,
): Promise<{ grantId: string; sid: string }> {
  const [requestName, codeName, codeChallenge, sid] = [id(), id(), id(), id()];
  await storage.keepRequest({ name: requestName, clientId: 'app', parameters: '{}', life: 60e6 });
  const allowed = await storage.allow({
    ...{ requestName, clientId: 'app', codeName, subject, consent: 'granted', newGrant: id(), audience: api },
    ...{ newEvent: id(), clientName: 'app', consentLife: 30 * 24 * 3600e6 },
    ...{
      scopes: ['read'],
      redirectUri: appRedirect,
      codeChallenge,
      jkt: null,
      nonce: null,
      amr: [],
      signIn: null,
    },
    authenticatedAt: await storage.now(),
  });
  const redeemed = await storage.redeemCode({
    ...{
      codeName,
      clientId: 'app',
      redirectUri: appRedirect,
      codeChallenge,
      jkt: 'k'.repeat(43),
      audience: api,
    },
    ...{ sid, idleLife: 3600e6, absoluteLife: 7200e6 },
    signWith: { session: { [api]: 'EdDSA' }, refresh: 'EdDSA' },
  });
  if (redeemed.kind !== 'redeemed' || allowed.kind !== 'allowed') throw new Error('unexpected refusal');
  return { grantId: allowed.grantId, sid };
}

/** The other page that an answer leads to. */
export function leadsTo(answer: Response): string {
  return answer.headers.get('location') ?? '';
}

/** Whether an answer asks for a passkey first: by leading to the page that does, or by being it. */
export async function asksForPasskey(answer: Response): Promise<boolean> {
  return (
    leadsTo(answer).startsWith('/presence') || (await answer.clone().text()).includes('Is it still you?')
  );
}

/** A form of hidden fields in a page, as a browser would send it. */
export function hiddenForm(
  page: string,
  id: string,
): { readonly action: string; readonly fields: Readonly<Record<string, string>> } {
  const plain = (text: string): string =>
    text
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&');
  const [, action = '', inside = ''] =
    new RegExp(`<form id="${id}" method="post" action="([^"]*)">([^]*?)</form>`).exec(page) ?? [];
  const inputs = inside.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g);
  const fields = [...inputs].map(([, name = '', value = '']) => [plain(name), plain(value)] as const);
  return { action: plain(action), fields: Object.fromEntries(fields) };
}

/** Submits a form, proving a passkey where that is demanded, and answers the page to which it leads. */
export async function submitAndFollow(
  browser: TestBrowser,
  path: string,
  form: Readonly<Record<string, string>> = {},
): Promise<string> {
  let answer = await browser.submit(path, form);
  if (await asksForPasskey(answer)) {
    await demandOk(await provePresence(browser));
    answer = await browser.submit(path, form);
  }
  return answer.status === 303 ? (await browser.get(leadsTo(answer))).text() : answer.text();
}
