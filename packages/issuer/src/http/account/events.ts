import { eventsPage } from '../../pages/account/events.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import type { Visit } from '../visit.ts';
import { shownEvent } from './account.ts';

const pageLength = 50;

/** `GET /account/events`: what happened to the account, page by page. */
export async function showEvents(office: PeopleOffice, { site, person, url }: Visit): Promise<Response> {
  const after =
    url.searchParams
      .get('after')
      ?.slice(0, 64)
      .replaceAll(/[^\w-]/g, '') ?? null;
  const [now, events] = await Promise.all([
    office.storage.now(),
    office.storage.listEvents({
      subject: person.subject,
      limit: pageLength,
      ...(after === null ? {} : { after }),
    }),
  ]);
  const path = `${site.base}/account/events`;
  const last = events.length < pageLength ? undefined : events.at(-1);
  return page(
    eventsPage({
      site,
      reader: person,
      now,
      events: events.map(shownEvent),
      pages: {
        ...(after === null ? {} : { newest: path }),
        ...(last === undefined ? {} : { older: `${path}?after=${encodeURIComponent(last.id)}` }),
      },
    }),
  );
}
