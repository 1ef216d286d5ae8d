import { timingSafeEqual } from 'node:crypto';
import { readGuards } from '../feed/guards.ts';
import { html, type Html } from '../pages/markup.ts';
import { notice } from '../pages/notice.ts';
import { receiptNotice } from '../pages/receipt.ts';
import { nameGuard, waitUntilApplied } from '../feed/propagation.ts';
import type { PeopleOffice } from './office.ts';
import { seeOther } from './page-answer.ts';
import type { Visit } from './visit.ts';

/** What can be said above a page after something was done. */
const done = {
  application_unlinked: 'The application is no longer linked. It had no session',
  passkey_added: 'The passkey was added',
  passkey_renamed: 'The passkey has its new name',
  passkey_removed: 'The passkey was removed, and opens nothing any more',
  client_added: 'The application was added',
  client_changed: 'The client is changed, and every process of this issuer knows it',
  account_enabled: 'The account is enabled again: its person can sign in',
  account_renamed: 'The account has its new name',
  role_changed: 'The account has its new role',
  invitation_withdrawn: 'The invitation works no more',
  key_rotated: 'The next key signs from now on',
  account_gone: 'There is no such account any more: nothing was done',
  nothing_to_end: 'It had ended already: there was nothing to do',
} as const;
const ended = {
  application: 'The application is no longer linked',
  session: 'The session is over',
  others: 'Everything else is over',
  client: 'All sessions of the client are over',
  client_removed: 'The client is removed, and all its sessions are over',
  account: 'All sessions of this person are over',
  account_disabled: 'The account is disabled, and all its sessions are over',
  account_removed: 'The account is removed, and all its sessions are over',
  key: 'The key is gone, and whatever it signed is refused',
} as const;

export type Done = keyof typeof done;
export type Ended = keyof typeof ended;

const parameter = 'said';
/** How long ending something on a page waits for the guards, in ms. */
const patience = 2000;

/** After something was done: back to a page, which says so. */
export function doneAt(office: PeopleOffice, after: { visit: Visit; to: string; what: Done }): Response {
  return seeOther(doneThere(office, after));
}

/** The same, for a script that goes there itself. */
export function doneThere(office: PeopleOffice, after: { visit: Visit; to: string; what: Done }): string {
  return placeSaying(office, { ...after, text: `done.${after.what}` });
}

/** After something was ended at a position of the feed: waits for the guards, then back to a page, which says how far it came. */
export async function endedAt(
  office: PeopleOffice,
  after: { visit: Visit; to: string; what: Ended; position: number },
): Promise<Response> {
  const { ms } = await waitUntilApplied(office.storage, { position: after.position, patience });
  const text = `ended.${after.what}.${String(after.position)}.${String(ms)}`;
  return seeOther(placeSaying(office, { ...after, text }));
}

/** What the page has to say of what was just done; undefined if nothing, or if we did not write it for this session. */
export async function readFlash(office: PeopleOffice, visit: Visit): Promise<Html | undefined> {
  const said = visit.url.searchParams.get(parameter) ?? '';
  const end = said.lastIndexOf('.');
  const text = said.slice(0, Math.max(0, end));
  if (said.length > 200 || !isEqual(said.slice(end + 1), seal(office, { visit, text }))) return undefined;
  const [kind, what = '', position, ms] = text.split('.');
  if (kind === 'done' && what in done) return doneNotice(visit, what as Done);
  if (kind !== 'ended' || !(what in ended)) return undefined;
  return endNotice(office, { what: what as Ended, position: Number(position), ms: Number(ms) });
}

/** What opens the account: whoever changes that because of somebody else wants him out as well. */
const factorsChanged: ReadonlySet<Done> = new Set(['passkey_added', 'passkey_removed']);

function doneNotice({ site }: Visit, what: Done): Html {
  if (!factorsChanged.has(what)) return notice('good', done[what]);
  const offer = html`<a href="${site.base}/account/end-others">End everything else</a>`;
  return notice('good', html`${done[what]}. If somebody else may have been in your account: ${offer}.`);
}

/** Who has applied it is read anew: a page that is read again says how it is now. */
async function endNotice(
  office: PeopleOffice,
  { what, position, ms }: { what: Ended; position: number; ms: number },
): Promise<Html> {
  const { heard, silent } = await readGuards(office.storage);
  const missing = heard.filter(({ to }) => to < position);
  const applied = heard.length - missing.length;
  return receiptNotice({
    what: ended[what],
    // Who has been silent for long is waited for by nobody, but has not applied it either.
    propagation: {
      ...{ guards: heard.length + silent.length, applied, ms },
      missing: [...missing, ...silent].map(nameGuard),
    },
  });
}

/** The message stands in the address as a key and two numbers, sealed for this session: nobody makes a link that lies. */
function placeSaying(
  office: PeopleOffice,
  { visit, to, text }: { visit: Visit; to: string; text: string },
): string {
  const url = new URL(to, visit.url);
  url.searchParams.set(parameter, `${text}.${seal(office, { visit, text })}`);
  return `${url.pathname}${url.search}${url.hash}`;
}

function seal(office: PeopleOffice, { visit, text }: { visit: Visit; text: string }): string {
  return office.lookup.name('flash', `${visit.person.sid} ${text}`).slice(0, 22);
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
