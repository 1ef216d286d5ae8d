import { AuthError } from '@symbolon/token';
import { confirmPage } from '../../pages/confirm-page.ts';
import { accountsPage } from '../../pages/console/accounts-page.ts';
import { html, type Html } from '../../pages/markup.ts';
import { rolePage } from '../../pages/console/role-page.ts';
import { shownName } from '../../pages/shown-name.ts';
import type { AccountRow } from '../../storage/port/account-storage.ts';
import type { Actor } from '../../storage/port/actor.ts';
import { doneAt, endedAt } from '../flash.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { readForm } from '../requests.ts';
import { askPresence, type Visit } from '../visit.ts';
import { asked, byOperator, consoleView, pathAsking } from './console-view.ts';

const pageLength = 50;
const invitationsAtMost = 100;

/** `GET /console/accounts`. */
export async function showAccounts(office: PeopleOffice, visit: Visit): Promise<Response> {
  const [search, after] = [asked(visit, 'search'), asked(visit, 'after')];
  const isFirst = search === '' && after === '';
  const [view, accounts, invitations] = await Promise.all([
    consoleView(office, visit),
    office.storage.searchAccounts({
      limit: pageLength,
      ...(search === '' ? {} : { prefix: search }),
      ...(after === '' ? {} : { after }),
    }),
    isFirst ? office.accounts.invitations({ limit: invitationsAtMost }) : [],
  ]);
  const path = `${visit.site.base}/console/accounts`;
  const last = accounts.length < pageLength ? undefined : accounts.at(-1);
  const pages = {
    ...(after === '' ? {} : { newest: pathAsking(path, { search }) }),
    ...(last === undefined ? {} : { older: pathAsking(path, { search, after: last.name }) }),
  };
  return page(accountsPage({ ...view, search, accounts, invitations, pages, self: visit.person.subject }));
}

/** What an operator does to an account after being asked once more. */
type Change = 'end' | 'disable' | 'enable' | 'remove';

/** `GET /console/accounts/…/end`, `…/disable`, `…/enable`. */
export async function askChange(office: PeopleOffice, visit: Visit, change: Change): Promise<Response> {
  const path = pathOf(visit, change);
  const absent = change === 'end' ? undefined : askPresence(office, { visit, returnTo: path });
  if (absent !== undefined) return absent;
  const { title, text, button } = wordsOf(await findOther(office, visit), change);
  return page(
    confirmPage({
      site: visit.site,
      ...{ title, text, button, action: path },
      look: change === 'enable' ? 'plain' : 'danger',
      back: `${visit.site.base}/console/accounts`,
    }),
  );
}

function wordsOf({ name }: AccountRow, change: Change): { title: string; text: Html; button: string } {
  switch (change) {
    case 'end':
      return {
        title: 'End all their sessions?',
        text: html`Every session of ${shownName(name)} is over within a second, here and at every application.
        They may sign in again.`,
        button: 'End all their sessions',
      };
    case 'disable':
      return {
        title: 'Disable this account?',
        text: html`${shownName(name)} can sign in nowhere, and every session is over. You can enable the
        account again; what has ended stays ended.`,
        button: 'Disable the account',
      };
    case 'remove':
      return {
        title: 'Remove this account?',
        text: html`Every session of ${shownName(name)} is over, here and at every application, and the account
        is deleted with its passkeys, codes and events. Nothing brings it back.`,
        button: 'Remove the account',
      };
    case 'enable':
      return {
        title: 'Enable this account?',
        text: html`${shownName(name)} can sign in again, with the passkeys the account has.`,
        button: 'Enable the account',
      };
  }
}

/** `POST /console/accounts/…/end`, `…/disable`, `…/enable`. */
export async function changeAccount(office: PeopleOffice, visit: Visit, change: Change): Promise<Response> {
  const absent =
    change === 'end' ? undefined : askPresence(office, { visit, returnTo: pathOf(visit, change) });
  if (absent !== undefined) return absent;
  const { subject } = await findOther(office, visit);
  const [to, by] = [`${visit.site.base}/console/accounts`, byOperator(visit)];
  if (change === 'enable') {
    const { kind } = await office.accounts.enable({ subject, by });
    return doneAt(office, { visit, to, what: kind === 'unknown' ? 'account_gone' : 'account_enabled' });
  }
  const cut = await ends[change](office, { subject, by });
  if (cut.kind === 'last_operator') throw new AuthError('last_operator');
  if (cut.kind === 'unknown') return doneAt(office, { visit, to, what: 'account_gone' });
  return endedAt(office, { visit, to, what: endedWords[change], position: cut.position });
}

const ends = {
  end: ({ accounts }: PeopleOffice, of: { subject: string; by: Actor }) => accounts.endSessions(of),
  disable: ({ accounts }: PeopleOffice, of: { subject: string; by: Actor }) => accounts.disable(of),
  remove: ({ accounts }: PeopleOffice, of: { subject: string; by: Actor }) => accounts.remove(of),
};
const endedWords = { end: 'account', disable: 'account_disabled', remove: 'account_removed' } as const;

/** `GET /console/accounts/…/role`. */
export async function askRole(office: PeopleOffice, visit: Visit): Promise<Response> {
  const absent = askPresence(office, { visit, returnTo: pathOf(visit, 'role') });
  if (absent !== undefined) return absent;
  return page(rolePage({ site: visit.site, account: await findOther(office, visit) }));
}

/** `POST /console/accounts/…/role`. */
export async function changeRole(office: PeopleOffice, visit: Visit): Promise<Response> {
  const absent = askPresence(office, { visit, returnTo: pathOf(visit, 'role') });
  if (absent !== undefined) return absent;
  const { subject } = await findOther(office, visit);
  const role = (await readForm(visit.request)).get('role') === 'operator' ? 'operator' : 'person';
  const changed = await office.accounts.setRole({ subject, role, by: byOperator(visit) });
  if (changed.kind === 'last_operator') throw new AuthError('last_operator');
  const what = changed.kind === 'unknown' ? 'account_gone' : 'role_changed';
  return doneAt(office, { visit, to: `${visit.site.base}/console/accounts`, what });
}

/** Nobody shuts himself out of the console: for that there is another operator, or the command line. */
export async function findOther(
  office: PeopleOffice,
  { parameter: subject, person }: Visit,
): Promise<AccountRow> {
  const account = subject === person.subject ? null : await office.accounts.find({ subject });
  if (account === null) throw new AuthError('request_malformed', { detail: { claim: 'account' } });
  return account;
}

function pathOf({ site, parameter }: Visit, change: Change | 'role'): string {
  return `${site.base}/console/accounts/${encodeURIComponent(parameter)}/${change}`;
}
