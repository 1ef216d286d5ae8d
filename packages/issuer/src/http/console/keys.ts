import { AuthError } from '@symbolon/token';
import { confirmPage } from '../../pages/confirm-page.ts';
import { keysPage } from '../../pages/console/keys-page.ts';
import { errorPage } from '../../pages/error-page.ts';
import { html } from '../../pages/markup.ts';
import { moment } from '../../pages/moment.ts';
import { isExternal } from '../../keys/key-custody.ts';
import type { RotateResult } from '../../keys/key-rotation.ts';
import type { KeyRow } from '../../storage/port/rows.ts';
import { doneAt, endedAt } from '../flash.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { readForm } from '../requests.ts';
import { askPresence, type Visit } from '../visit.ts';
import { asked, byOperator, consoleView, pathAsking } from './console-view.ts';

/** `GET /console/keys`. */
export async function showKeys(office: PeopleOffice, visit: Visit): Promise<Response> {
  const [view, keys] = await Promise.all([consoleView(office, visit), office.keys.list()]);
  return page(keysPage({ ...view, keys: keys.map((key) => ({ ...key, external: isExternal(key) })) }));
}

/** `GET /console/keys/rotate`: asks once more, of somebody who is there. */
export async function askRotate(office: PeopleOffice, visit: Visit): Promise<Response> {
  const { base } = visit.site;
  const which = { purpose: asked(visit, 'purpose'), alg: asked(visit, 'alg') };
  const returnTo = pathAsking(`${base}/console/keys/rotate`, which);
  const absent = askPresence(office, { visit, returnTo });
  if (absent !== undefined) return absent;
  await findKey(office, (key) => key.purpose === which.purpose && key.alg === which.alg);
  return page(
    confirmPage({
      site: visit.site,
      title: 'Rotate this key?',
      text: 'The next key signs from now on. The one that signs now stays published until the last thing it signed has run out: nobody is signed out.',
      action: `${base}/console/keys/rotate`,
      button: 'Rotate',
      look: 'plain',
      fields: which,
      back: `${base}/console/keys`,
    }),
  );
}

/** `POST /console/keys/rotate`. */
export async function rotateKey(office: PeopleOffice, visit: Visit): Promise<Response> {
  const { base } = visit.site;
  const form = await readForm(visit.request);
  const which = { purpose: form.get('purpose') ?? '', alg: form.get('alg') ?? '' };
  const returnTo = pathAsking(`${base}/console/keys/rotate`, which);
  const absent = askPresence(office, { visit, returnTo });
  if (absent !== undefined) return absent;
  const { purpose, alg } = await findKey(
    office,
    (key) => key.purpose === which.purpose && key.alg === which.alg,
  );
  const rotated = await office.keys.rotate({ purpose, alg, by: byOperator(visit) });
  if (rotated.kind === 'promoted')
    return doneAt(office, { visit, to: `${base}/console/keys`, what: 'key_rotated' });
  return notYet(office, visit, rotated);
}

/** A key that guards do not hold signs nothing that they would accept: it waits. */
async function notYet(
  office: PeopleOffice,
  { site }: Visit,
  rotated: Exclude<RotateResult, { kind: 'promoted' }>,
): Promise<Response> {
  const markup = errorPage({
    site,
    title: 'Not yet',
    text: whyNotYet(rotated, await office.storage.now()),
    next: { href: `${site.base}/console/keys`, text: 'Back to the keys' },
  });
  return page(markup, { status: 409 });
}

function whyNotYet(
  rotated: Exclude<RotateResult, { kind: 'promoted' }>,
  now: number,
): Parameters<typeof errorPage>[0]['text'] {
  switch (rotated.kind) {
    case 'no_next':
      return 'There is no next key to put in its place. It is made within ten minutes.';
    case 'not_holdable':
      return html`Guards that nobody can count may not hold the next key before
      ${moment(rotated.holdableFrom, now)}. Nothing was changed.`;
    case 'not_held':
      return `These guards do not hold the next key yet: ${rotated.lacking.map(({ name }) => name).join(', ')}. Nothing was changed.`;
  }
}

/** `GET /console/keys/…/revoke`: asks once more, of somebody who is there. */
export async function askRevoke(office: PeopleOffice, visit: Visit): Promise<Response> {
  const path = revokePath(visit);
  const absent = askPresence(office, { visit, returnTo: path });
  if (absent !== undefined) return absent;
  const { kid, purpose } = await findKey(office, (key) => key.kid === visit.parameter);
  return page(
    confirmPage({
      site: visit.site,
      title: 'Revoke this key?',
      text: html`Do this if somebody may have the private key. Whatever
        <code>${kid.slice(0, 12)}…</code> signed is refused within a second, and the next key signs.
        ${purpose === 'refresh' ? 'Every session whose refresh token it signed has to sign in again.' : ''}`,
      action: path,
      button: 'Revoke the key',
      back: `${visit.site.base}/console/keys`,
    }),
  );
}

/** `POST /console/keys/…/revoke`. */
export async function revokeKey(office: PeopleOffice, visit: Visit): Promise<Response> {
  const absent = askPresence(office, { visit, returnTo: revokePath(visit) });
  if (absent !== undefined) return absent;
  const to = `${visit.site.base}/console/keys`;
  const revoked = await office.keys.revoke(visit.parameter, byOperator(visit));
  office.feed.forgetStatements();
  if (revoked.kind === 'unknown') return doneAt(office, { visit, to, what: 'nothing_to_end' });
  return endedAt(office, { visit, to, what: 'key', position: revoked.position });
}

async function findKey(office: PeopleOffice, fits: (key: KeyRow) => boolean): Promise<KeyRow> {
  const key = (await office.keys.list()).find(fits);
  if (key === undefined) throw new AuthError('request_malformed', { detail: { claim: 'key' } });
  return key;
}

function revokePath({ site, parameter }: Visit): string {
  return `${site.base}/console/keys/${encodeURIComponent(parameter)}/revoke`;
}
