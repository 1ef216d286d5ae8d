import { nameOf } from '../port/actor.ts';
import type { Engine, Row, Value } from '../engine.ts';
import { foldName } from '../fold-name.ts';
import type {
  AuditSearch,
  ClientPlace,
  ClientSearch,
  LinkedApplication,
  ListedAccount,
  ListStorage,
  NamedSession,
  SecurityEvent,
  SessionSearch,
} from '../port/list-storage.ts';
import {
  integer,
  json,
  onlyRow,
  orNull,
  readAudit,
  readClient,
  readListedSession,
  text,
} from './read-rows.ts';
import type { Registration } from '../port/rows.ts';
import { decideAs } from './acting.ts';
import { statement } from './decision.ts';
import { voidEnrolments } from '../sql/accounts.ts';
import { recordAudit } from '../sql/audit.ts';
import * as others from '../sql/end-others.ts';
import * as lists from '../sql/lists.ts';
import { keepEvent, summariseEvents } from '../sql/security-events.ts';

/** What people and operators look at. `request` names each decision, never twice the same. */
export function createSqlLists(engine: Engine, request: () => string): ListStorage {
  return {
    async listApplications({ subject, limit }) {
      const rows = await engine.read(statement(lists.listApplications, subject, limit));
      const scopes = Map.groupBy(await engine.read(statement(lists.listGrantedScopes, subject)), (row) =>
        text(row, 'grant_id'),
      );
      return rows.map((row) => readApplication(row, scopes.get(text(row, 'grant_id')) ?? []));
    },
    async listLinkedSessions({ subject, limit }) {
      const rows = await engine.read(statement(lists.listLinkedSessions, subject, limit));
      return rows.map((row) => ({
        grantId: text(row, 'grant_id'),
        sid: text(row, 'sid'),
        device: orNull(text, row, 'device'),
        startedAt: integer(row, 'started_at'),
        lastUsedAt: integer(row, 'last_used_at'),
      }));
    },
    async listEvents({ subject, limit, after }) {
      const from = after === undefined ? [] : [after];
      const rows = await engine.read(
        statement(lists.listEvents({ after: after !== undefined }), subject, limit, ...from),
      );
      return rows.map(readEvent);
    },
    summariseEvents: async ({ subject, limit }) =>
      (await engine.read(statement(summariseEvents, subject, limit))).map(readEvent),
    searchSessions: (search) => searchSessions(engine, search),
    searchClients: (search) => searchClients(engine, search),
    async searchAccounts({ prefix, limit, after }) {
      const by = { prefix: prefix !== undefined, after: after !== undefined };
      const start = prefix && foldName(prefix);
      const range = start === undefined ? [] : [start, `${start}\u{10ffff}`];
      const from = given(after && foldName(after));
      const rows = await engine.read(statement(lists.searchAccounts(by), limit, ...range, ...from));
      return rows.map(readAccount);
    },
    searchAudit: (search) => searchAudit(engine, search),
    async readFigures() {
      const row = onlyRow(await engine.read(statement(lists.countSessions)));
      return {
        now: integer(row, 'now'),
        head: integer(row, 'head'),
        accounts: integer(row, 'accounts'),
        clients: integer(row, 'clients'),
        sessions: {
          person: integer(row, 'people'),
          machine: integer(row, 'machines'),
          browser: integer(row, 'browsers'),
          all: integer(row, 'looked_at') < lists.countedAtMost,
        },
      };
    },
    async readMinutes(minutes) {
      const read = async (text: string): Promise<readonly number[]> =>
        readByMinute(await engine.read(statement(text, minutes)), minutes);
      return { started: await read(lists.startsByMinute), ended: await read(lists.endsByMinute) };
    },
    async endOthers({ subject, keep, event, by }) {
      const ending = request();
      // Links before sessions, as whoever ends one link takes them.
      const fields = JSON.stringify({ by: nameOf(by), subject, others: true });
      const [grants = [], sessions = [], moved] = await decideAs(engine, by, {
        statements: [
          statement(others.endOtherGrants, subject, ending),
          statement(others.endOtherSessions, subject, keep, ending),
          statement(others.moveHeadForOthers),
          statement(others.sayOthersEnded, subject, ending),
          statement(voidEnrolments, subject),
          statement(keepEvent(), event, subject, 'others_ended', '{}'),
          statement(others.auditOthersEnded, keep, fields),
          statement(recordAudit),
        ],
      });
      return {
        position: integer(onlyRow(moved), 'position'),
        sessions: sessions.length,
        applications: grants.length,
      };
    },
  };
}

/** What a device is called stands in no index, so only so many sessions are looked at: `older` says from where to go on. */
async function searchSessions(
  engine: Engine,
  search: SessionSearch,
): ReturnType<ListStorage['searchSessions']> {
  const { clientId, subject, device, limit, after } = search;
  const by = {
    client: clientId !== undefined,
    subject: subject !== undefined,
    device: device !== undefined,
    ...{ after: after !== undefined, reach: false },
  };
  const indexed = given(clientId, subject, subject && foldName(subject), after);
  const [end] = by.device ? await engine.read(statement(lists.reachOfSessions(by), ...indexed)) : [];
  const reach = end && text(end, 'reach');
  const like = device && somewhere(device);
  const found = lists.searchSessions({ ...by, reach: reach !== undefined });
  const rows = await engine.read(statement(found, ...indexed, ...given(reach, like), limit));
  const sessions = rows.map(readNamedSession);
  return { rows: sessions, older: (sessions.length < limit ? reach : sessions.at(-1)?.sid) ?? null };
}

/** As of sessions: no index knows a part of a name. */
async function searchClients(engine: Engine, search: ClientSearch): ReturnType<ListStorage['searchClients']> {
  const { part, limit, after } = search;
  const by = { part: part !== undefined, after: after !== undefined, reach: false };
  const indexed = given(after?.createdAt, after?.id);
  const [end] = by.part ? await engine.read(statement(lists.reachOfClients(by), ...indexed)) : [];
  const reach = end && { createdAt: integer(end, 'created_at'), id: text(end, 'id') };
  const found = lists.searchClients({ ...by, reach: reach !== undefined });
  const values = given(reach?.createdAt, reach?.id, part && somewhere(part));
  const clients = (await engine.read(statement(found, ...indexed, ...values, limit))).map(readClient);
  const last: ClientPlace | undefined = clients.at(-1);
  const next = clients.length < limit ? reach : last;
  return { rows: clients, older: next === undefined ? null : { createdAt: next.createdAt, id: next.id } };
}

/** As of sessions: a line is found by its session or its place, and by nothing else. */
async function searchAudit(engine: Engine, search: AuditSearch): ReturnType<ListStorage['searchAudit']> {
  const { clientId, sid, kind, limit, before } = search;
  const by = {
    client: clientId !== undefined,
    sid: sid !== undefined,
    kind: kind !== undefined,
    ...{ before: before !== undefined, reach: false },
  };
  const indexed = given(sid, before);
  const [end] = by.client || by.kind ? await engine.read(statement(lists.reachOfAudit(by), ...indexed)) : [];
  const reach = end && integer(end, 'reach');
  const found = lists.searchAudit({ ...by, reach: reach !== undefined });
  const rows = await engine.read(statement(found, ...indexed, ...given(reach, clientId, kind), limit));
  const lines = rows.map(readAudit);
  return { rows: lines, older: (lines.length < limit ? reach : lines.at(-1)?.seq) ?? null };
}

const given = (...values: readonly (Value | undefined)[]): readonly Value[] =>
  values.filter((value) => value !== undefined);

/** A pattern for a text anywhere in another, in which nothing stands for anything else and ASCII is in lower case. */
const somewhere = (text: string): string =>
  `%${text.replaceAll(/[~%_]/g, '~$&').replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())}%`;

function readEvent(row: Row): SecurityEvent {
  return {
    id: text(row, 'id'),
    at: integer(row, 'at'),
    kind: text(row, 'kind'),
    fields: json(row, 'fields') as Readonly<Record<string, unknown>>,
  };
}

function readApplication(row: Row, scopes: readonly Row[]): LinkedApplication {
  return {
    grantId: text(row, 'grant_id'),
    clientId: text(row, 'client_id'),
    name: text(row, 'name'),
    registration: json(row, 'registration') as Registration,
    createdAt: integer(row, 'created_at'),
    lastUsedAt: orNull(integer, row, 'last_used_at'),
    sessions: integer(row, 'sessions'),
    scopes: scopes.map((scope) => ({ audience: text(scope, 'audience'), scope: text(scope, 'scope') })),
  };
}

function readNamedSession(row: Row): NamedSession {
  return {
    ...readListedSession(row),
    accountName: orNull(text, row, 'account_name'),
    clientName: text(row, 'client_name'),
  };
}

function readAccount(row: Row): ListedAccount {
  return {
    subject: text(row, 'subject'),
    name: text(row, 'name'),
    role: text(row, 'role') === 'operator' ? 'operator' : 'person',
    createdAt: integer(row, 'created_at'),
    enabled: integer(row, 'enabled') === 1,
    passkeys: integer(row, 'passkeys'),
    applications: integer(row, 'applications'),
    lastUsedAt: orNull(integer, row, 'last_used_at'),
  };
}

/** Minutes in which nothing happened have no row. */
function readByMinute(rows: readonly Row[], minutes: number): readonly number[] {
  const numbers = new Map(rows.map((row) => [integer(row, 'minute'), integer(row, 'number')]));
  return Array.from({ length: minutes }, (_, index) => numbers.get(index + 1 - minutes) ?? 0);
}
