import { accountPage } from '../../pages/account/account-page.ts';
import type { ShownApplication } from '../../pages/account/applications.ts';
import type { ShownDevice } from '../../pages/account/devices.ts';
import type { ShownEvent } from '../../pages/account/events.ts';
import { ownClientId } from '../../clients/own-client.ts';
import { eventWords } from '../../pages/account/event-words.ts';
import { scopeWords } from '../../pages/authorize/scope-words.ts';
import type { LinkedApplication, LinkedSession, SecurityEvent } from '../../storage/port/list-storage.ts';
import type { ListedSession } from '../../storage/port/rows.ts';
import { readFlash } from '../flash.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import type { Visit } from '../visit.ts';

const most = 200;
const newest = 8;

/** `GET /account`: everything that can act for a person. */
export async function showAccount(office: PeopleOffice, visit: Visit): Promise<Response> {
  const { storage } = office;
  const { site, person } = visit;
  const { subject } = person;
  const [now, applications, linked, sessions, passkeys, recoveryCodes, events, notice] = await Promise.all([
    storage.now(),
    storage.listApplications({ subject, limit: most }),
    storage.listLinkedSessions({ subject, limit: most }),
    storage.listSessions({ clientId: ownClientId, subject, only: 'alive', limit: most }),
    storage.listPasskeys(subject),
    storage.countRecoveryCodes(subject),
    storage.summariseEvents({ subject, limit: newest }),
    readFlash(office, visit),
  ]);
  const byGrant = Map.groupBy(linked, ({ grantId }) => grantId);
  return page(
    accountPage({
      site,
      reader: person,
      now,
      ...(notice === undefined ? {} : { notice }),
      applications: applications.map((application) =>
        shownApplication(office, application, byGrant.get(application.grantId) ?? []),
      ),
      devices: sessions.map((session) => shownDevice(session, person.sid)),
      passkeys,
      recoveryCodes,
      events: events.map(shownEvent),
    }),
  );
}

function shownApplication(
  office: PeopleOffice,
  application: LinkedApplication,
  standing: readonly LinkedSession[],
): ShownApplication {
  const { grantId, clientId, name, registration, createdAt, lastUsedAt, sessions, scopes } = application;
  return {
    ...{ grantId, clientId, name, lastUsedAt, sessions, standing },
    by: registration.by,
    since: createdAt,
    may: scopes.map((asked) => ({ ...asked, words: scopeWords(office.audiences, asked) })),
  };
}

function shownDevice(
  { sid, device, deviceKey, startedAt, lastUsedAt }: ListedSession,
  here: string,
): ShownDevice {
  return { sid, device, bound: deviceKey !== null, here: sid === here, startedAt, lastUsedAt };
}

/** What happened, and the name that was given to it. */
export function shownEvent({ at, kind, fields }: SecurityEvent): ShownEvent {
  const about = ['passkey', 'name', 'device', 'application', 'client']
    .map((field) => fields[field])
    .find(isText);
  return { at, text: eventWords(kind), about: about ?? null };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
