import { auditPage } from '../../pages/console/audit-page.ts';
import { auditKinds, type AuditKind } from '../../storage/port/rows.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import type { Visit } from '../visit.ts';
import { asked, consoleView, pathAsking } from './console-view.ts';

const pageLength = 50;

/** `GET /console/audit`. */
export async function showAudit(office: PeopleOffice, visit: Visit): Promise<Response> {
  const query = { kind: asked(visit, 'kind'), client: asked(visit, 'client'), sid: asked(visit, 'sid') };
  const before = Number(asked(visit, 'before'));
  const from = Number.isSafeInteger(before) && before > 0 ? before : undefined;
  const kind = auditKinds.find((known) => known === query.kind);
  const [view, { rows: lines, older }] = await Promise.all([
    consoleView(office, visit),
    office.storage.searchAudit({
      limit: pageLength,
      ...(kind === undefined ? {} : { kind }),
      ...(query.client === '' ? {} : { clientId: query.client }),
      ...(query.sid === '' ? {} : { sid: query.sid }),
      ...(from === undefined ? {} : { before: from }),
    }),
  ]);
  const path = `${visit.site.base}/console/audit`;
  const pages = {
    ...(from === undefined ? {} : { newest: pathAsking(path, query) }),
    ...(older === null ? {} : { older: pathAsking(path, { ...query, before: String(older) }) }),
  };
  const kinds: readonly AuditKind[] = auditKinds;
  return page(auditPage({ ...view, query: { ...query, kind: kind ?? '' }, kinds, lines, pages }));
}
