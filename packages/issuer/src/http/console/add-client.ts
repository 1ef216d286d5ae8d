import { z } from 'zod';
import type { NewClientOptions } from '../../clients/client-options.ts';
import { addClientPage, noFields, type AddClientFields } from '../../pages/console/add-client-page.ts';
import { doneAt } from '../flash.ts';
import { askPresenceKeeping, isBrought } from '../keep-typed.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { readFormOfLines, type Form } from '../requests.ts';
import { askPresence, type Visit } from '../visit.ts';
import { byOperator, consoleView } from './console-view.ts';
import { offeredAudiences } from './offered-audiences.ts';

/** `GET /console/clients/add`. */
export async function showAddClient(office: PeopleOffice, visit: Visit): Promise<Response> {
  const absent = askPresence(office, { visit, returnTo: `${visit.site.base}/console/clients/add` });
  return absent ?? answer(office, visit, { fields: noFields });
}

/** `POST /console/clients`: what is wrong is said above the form, which keeps what was typed. */
export async function addClient(office: PeopleOffice, visit: Visit): Promise<Response> {
  const { base } = visit.site;
  const form = await readFormOfLines(visit.request);
  const absent = await askPresenceKeeping(office, { visit, form, returnTo: `${base}/console/clients/add` });
  if (absent !== undefined) return absent;
  const fields = readFields(form);
  if (isBrought(form)) return answer(office, visit, { fields, brought: true });
  try {
    await office.clients.add(readOptions(fields), byOperator(visit));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return answer(office, visit, { fields, problem: error.message });
  }
  return doneAt(office, { visit, to: `${base}/console/clients`, what: 'client_added' });
}

async function answer(
  office: PeopleOffice,
  visit: Visit,
  form: { fields: AddClientFields; problem?: string; brought?: true },
): Promise<Response> {
  const view = await consoleView(office, visit);
  const audiences = offeredAudiences(office);
  return page(addClientPage({ ...view, audiences, ...form }), {
    status: form.problem === undefined ? 200 : 400,
  });
}

/** What was typed, as it is shown again. */
export function readFields(form: Form): AddClientFields {
  const text = (name: string): string => form.get(name) ?? '';
  return {
    name: text('name').trim(),
    id: text('id').trim(),
    kind: text('kind') === 'web' ? 'web' : 'public',
    redirectUris: text('redirect_uris'),
    postLogoutRedirectUris: text('post_logout_redirect_uris'),
    keys: text('keys'),
    consent: text('consent') === 'given' ? 'given' : 'ask',
    targets: [...form.keys()].filter((name) => name.startsWith('may ')).map((name) => name.slice(4)),
  };
}

function readOptions(fields: AddClientFields): NewClientOptions {
  const { name, id, kind, consent } = fields;
  if (name === '') throw new TypeError('Give it a name, by which people will know it.');
  const redirectUris = linesOf(fields.redirectUris);
  if (redirectUris.length === 0)
    throw new TypeError('Say where it may send people back to: one address a line.');
  return {
    ...{ name, kind, consent, redirectUris },
    ...(id === '' ? {} : { id }),
    postLogoutRedirectUris: linesOf(fields.postLogoutRedirectUris),
    keys: readKeys(fields.keys),
    audiences: readTargets(fields.targets),
  };
}

/** What stands on each line. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

const keys = z.array(z.record(z.string(), z.unknown()));

/**
 * One JWK, a list of them, or a whole JWK Set.
 *
 * @throws TypeError
 */
export function readKeys(text: string): Record<string, unknown>[] {
  if (text.trim() === '') return [];
  const given = z
    .union([
      keys,
      z.object({ keys }).transform((set) => set.keys),
      z.record(z.string(), z.unknown()).transform((key) => [key]),
    ])
    .safeParse(parseJson(text));
  if (!given.success) throw new TypeError('The keys are not a JWK, nor a list of them.');
  return given.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TypeError('The keys are not JSON.', { cause });
  }
}

/** Audiences and their scope values, of what was ticked. */
export function readTargets(targets: readonly string[]): { audience: string; scope: string[] }[] {
  const chosen = Map.groupBy(targets, (target) => target.split(' ')[0] ?? '');
  return [...chosen].map(([audience, values]) => ({
    audience,
    scope: values.map((value) => value.slice(audience.length + 1)).filter((scope) => scope !== ''),
  }));
}
