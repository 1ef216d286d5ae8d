import { AuthError } from '@symbolon/token';
import { confirmPage } from '../../pages/confirm-page.ts';
import { recoveryLinkPage } from '../../pages/sign-in/invitation-page.ts';
import { html } from '../../pages/markup.ts';
import { shownName } from '../../pages/shown-name.ts';
import { doneAt } from '../flash.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { askPresence, type Visit } from '../visit.ts';
import { findOther } from './accounts.ts';
import { byOperator } from './console-view.ts';

/** `GET /console/accounts/…/recover`. */
export async function askRecover(office: PeopleOffice, visit: Visit): Promise<Response> {
  const absent = askPresence(office, { visit, returnTo: pathOf(visit) });
  if (absent !== undefined) return absent;
  const { name } = await findOther(office, visit);
  return page(
    confirmPage({
      site: visit.site,
      ...{ title: 'Make a link that recovers this account?', button: 'Make the link', action: pathOf(visit) },
      text: html`For ${shownName(name)}, if every passkey and recovery code is lost. Be sure with whom you
      speak: whoever opens the link has the account. It voids the link before; using it ends every session.`,
      look: 'danger',
      back: `${visit.site.base}/console/accounts`,
    }),
  );
}

/** `POST /console/accounts/…/recover`: the answer itself shows the link, so that it stands in no address and is kept nowhere. */
export async function recoverAccount(office: PeopleOffice, visit: Visit): Promise<Response> {
  const absent = askPresence(office, { visit, returnTo: pathOf(visit) });
  if (absent !== undefined) return absent;
  const { subject, name } = await findOther(office, visit);
  const offered = await office.accounts.recover({
    subject,
    by: byOperator(visit),
    inviter: visit.person.subject,
  });
  if (offered.kind === 'disabled') throw new AuthError('account_disabled');
  if (offered.kind !== 'offered')
    return doneAt(office, { visit, to: `${visit.site.base}/console/accounts`, what: 'account_gone' });
  return page(recoveryLinkPage({ site: visit.site, name, link: offered.link, life: 'a day' }));
}

function pathOf({ site, parameter }: Visit): string {
  return `${site.base}/console/accounts/${encodeURIComponent(parameter)}/recover`;
}
