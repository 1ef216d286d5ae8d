import { readGuards } from '../../feed/guards.ts';
import { guardsPage } from '../../pages/console/guards-page.ts';
import { overviewPage } from '../../pages/console/overview-page.ts';
import type { ShownGuard } from '../../pages/console/guard-table.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import type { Visit } from '../visit.ts';
import { consoleView } from './console-view.ts';

const minutes = 30;

/** `GET /console`. */
export async function showOverview(office: PeopleOffice, visit: Visit): Promise<Response> {
  const [view, figures, { started, ended }, guards] = await Promise.all([
    consoleView(office, visit),
    office.storage.readFigures(),
    office.storage.readMinutes(minutes),
    shownGuards(office),
  ]);
  const { sessions, accounts, clients, now, head } = figures;
  return page(
    overviewPage({
      ...view,
      ...{ sessions, accounts, clients, started, ended, guards },
      feedLag: now - head,
      refreshed: office.refreshes.read(minutes),
    }),
  );
}

/** `GET /console/guards`. */
export async function showGuards(office: PeopleOffice, visit: Visit): Promise<Response> {
  const [view, guards] = await Promise.all([consoleView(office, visit), shownGuards(office)]);
  return page(guardsPage({ ...view, guards }));
}

/** How far each had come when it last spoke: what it lagged behind the clock at that moment. */
async function shownGuards({ storage }: PeopleOffice): Promise<readonly ShownGuard[]> {
  const [{ heard, silent }, rows] = await Promise.all([readGuards(storage), storage.listGuards()]);
  const lags = new Map(
    rows.map(({ clientId, instance, seenAt, to }) => [`${clientId} ${instance}`, seenAt - to]),
  );
  const shown = (guards: typeof silent, is: { heard: boolean }): readonly ShownGuard[] =>
    guards.map((guard) => {
      const lag = Math.max(0, lags.get(`${guard.clientId} ${guard.instance}`) ?? 0);
      return { ...guard, ...is, lag };
    });
  return [...shown(heard, { heard: true }), ...shown(silent, { heard: false })];
}
