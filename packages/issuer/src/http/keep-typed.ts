import { isPresent } from '../people/presence.ts';
import { presencePage } from '../pages/sign-in/presence-page.ts';
import type { PeopleOffice } from './office.ts';
import { page } from './page-answer.ts';
import type { Form } from './requests.ts';
import type { Visit } from './visit.ts';

/** What a form has besides when it only comes back from the page that asked for a passkey. */
const brought = 'brought-back';

/**
 * As `askPresence`, of a form in which a person has typed: the page that asks for the passkey carries what was typed as
 * hidden fields and brings it back to the path that it came to. So it stands in no address and is kept nowhere, and
 * {@link isBrought} tells the form to show it again and to do nothing yet.
 */
export async function askPresenceKeeping(
  office: PeopleOffice,
  { visit, form, returnTo }: { visit: Visit; form: Form; returnTo: string },
): Promise<Response | undefined> {
  const { site, person, url } = visit;
  if (isPresent(person, office.clock())) return undefined;
  const fields = { ...Object.fromEntries(form), [brought]: 'yes' };
  return page(presencePage({ site, person, returnTo, typed: { action: url.pathname, fields } }));
}

/** Whether a form was only brought back: its person looks it over and sends it. */
export function isBrought(form: Form): boolean {
  return form.has(brought);
}
