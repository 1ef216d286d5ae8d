import { nameOf } from './actor.ts';
import type { Engine, Row, Value } from './engine.ts';
import { foldName } from './fold-name.ts';
import type { LinkedApplication, ListedAccount, ListStorage, NamedSession } from './list-storage.ts';
import { integer, json, onlyRow, orNull, readAudit, readListedSession, text } from './read-rows.ts';
import type { Registration } from './rows.ts';
import { decideAs } from './sql-acting.ts';
import { statement } from './sql-decision.ts';
import { recordAudit } from './sql/audit.ts';
import * as lists from './sql/lists.ts';
import { keepEvent, voidEnrolments } from './sql/accounts.ts';
import * as others from './sql/end-others.ts';

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
    async listEvents({ subject, limit, after }) {
      const from = after === undefined ? [] : [after];
      const rows = await engine.read(
        statement(lists.listEvents({ after: after !== undefined }), subject, limit, ...from),
      );
      return rows.map((row) => ({
        id: text(row, 'id'),
        at: integer(row, 'at'),
        kind: text(row, 'kind'),
        fields: json(row, 'fields') as Readonly<Record<string, unknown>>,
      }));
    },
    async searchSessions({ clientId, subject, device, limit, after }) {
      const by = {
        client: clientId !== undefined,
        subject: subject !== undefined,
        device: device !== undefined,
        after: after !== undefined,
      };
      const like = device === undefined ? undefined : `%${literally(device.toLowerCase())}%`;
      const values = given(clientId, subject, subject && foldName(subject), like, after);
      const rows = await engine.read(statement(lists.searchSessions(by), ...values, limit));
      return rows.map(readNamedSession);
    },
    async searchAccounts({ prefix, limit, after }) {
      const by = { prefix: prefix !== undefined, after: after !== undefined };
      const start = prefix && foldName(prefix);
      const range = start === undefined ? [] : [start, `${start}\u{10ffff}`];
      const from = given(after && foldName(after));
      const rows = await engine.read(statement(lists.searchAccounts(by), limit, ...range, ...from));
      return rows.map(readAccount);
    },
    async searchAudit({ clientId, sid, kind, limit, before }) {
      const by = {
        client: clientId !== undefined,
        sid: sid !== undefined,
        kind: kind !== undefined,
        before: before !== undefined,
      };
      const values = given(clientId, sid, kind, before);
      return (await engine.read(statement(lists.searchAudit(by), limit, ...values))).map(readAudit);
    },
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
    async noteEvent({ id, subject, kind, fields }) {
      await engine.batch([statement(keepEvent(), id, subject, kind, JSON.stringify(fields))]);
    },
  };
}

const given = (...values: readonly (Value | undefined)[]): readonly Value[] =>
  values.filter((value) => value !== undefined);

/** A text in which nothing stands for another. */
const literally = (text: string): string => text.replaceAll(/[~%_]/g, '~$&');

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
