import { confirmPage } from '../../pages/confirm-page.ts';
import { recoveryCodesPage } from '../../pages/sign-in/recovery-codes-page.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { askPresence, type Visit } from '../visit.ts';

const first = {
  title: 'Keep recovery codes',
  text: 'They open your account if you lose this device. You get ten codes, which are shown once.',
};
const another = {
  title: 'Make new recovery codes?',
  text: 'You get ten codes, which are shown once. All codes that you made before stop working.',
};

/** `GET /account/recovery-codes`: asks once more, of somebody who is there. */
export async function askRecoveryCodes(office: PeopleOffice, visit: Visit): Promise<Response> {
  const { base } = visit.site;
  const absent = askPresence(office, { visit, returnTo: `${base}/account/recovery-codes` });
  if (absent !== undefined) return absent;
  return page(
    confirmPage({
      site: visit.site,
      ...((await office.factors.countRecoveryCodes(visit.person)) === 0 ? first : another),
      action: `${base}/account/recovery-codes`,
      button: 'Make ten codes',
      look: 'plain',
      back: `${base}/account`,
    }),
  );
}

/** `POST /account/recovery-codes`: the answer itself shows them, so that they stand in no address and are kept nowhere. */
export async function makeRecoveryCodes(office: PeopleOffice, visit: Visit): Promise<Response> {
  const { base } = visit.site;
  const absent = askPresence(office, { visit, returnTo: `${base}/account/recovery-codes` });
  if (absent !== undefined) return absent;
  const codes = await office.factors.makeRecoveryCodes(visit.person);
  return page(recoveryCodesPage({ site: visit.site, person: visit.person, codes, next: `${base}/account` }));
}
