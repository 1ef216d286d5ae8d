import { nameOf, type Actor } from '../port/actor.ts';
import type { Engine, Statement } from '../engine.ts';
import { UniqueViolation } from '../engine.ts';
import { integer, onlyRow, readClient, readSubject } from './read-rows.ts';
import { decideAs } from './acting.ts';
import { statement, telling, type Told } from './decision.ts';
import { audit } from '../sql/audit.ts';
import * as clients from '../sql/clients.ts';
import { holdHead, moveHead } from '../sql/head.ts';
import { cutEverything, sayEverythingCut } from '../sql/revocations.ts';
import { noteCut } from '../sql/told-ends.ts';
import { isOperator } from './told-ends.ts';
import * as subjects from '../sql/subjects.ts';
import { voidEnrolments } from '../sql/accounts.ts';
import type { ChangeableClient, ClientChange, CutResult, NewClient } from '../port/decisions.ts';
import type { Storage } from '../port/storage.ts';

type Clients = Pick<
  Storage,
  | 'addClient'
  | 'findClient'
  | 'listClients'
  | 'changeClient'
  | 'removeClient'
  | 'disableSubject'
  | 'enableSubject'
  | 'findSubject'
  | 'endSessionsOf'
  | 'cutEverything'
>;

/** How a cut is said in the feed and told in the audit log. */
interface Cut {
  readonly say: string;
  readonly audit: string;
  /** What goes with it. */
  readonly more: readonly string[];
}
const ofClient: Cut = { say: clients.sayClientCut, audit: clients.auditIfClientCut, more: [] };
/** Whoever was in may have been given something to come in again. */
const ofSubject: Cut = {
  say: subjects.saySubjectCut,
  audit: subjects.auditIfSubjectCut,
  more: [voidEnrolments],
};

/** Clients and subjects, and the cuts that end all their sessions in one row. */
export function createSqlClients(engine: Engine, request: () => string): Clients {
  /** The head moves first: the cut is at its new position, which no session alive started after. */
  async function cut(decision: {
    update: string;
    of: Cut;
    id: string;
    told: Told;
    by: Actor;
    more?: readonly Statement[];
  }): Promise<CutResult> {
    const { update, of, id, told, by, more = [] } = decision;
    const [, rows] = await decideAs(engine, by, {
      statements: [
        statement(moveHead),
        statement(update, id),
        statement(of.say, id),
        ...of.more.map((text) => statement(text, id)),
        ...more,
        ...telling(of.audit, { told, values: [id] }),
      ],
    });
    const row = rows?.[0];
    return row ? { kind: 'cut', position: integer(row, 'position') } : { kind: 'unknown' };
  }

  return {
    addClient: (client) => addClient(engine, client),
    async findClient(id) {
      const [row] = await engine.read(statement(clients.findClient, id));
      return row ? readClient(row) : null;
    },
    async listClients() {
      return (await engine.read(statement(clients.listClients))).map(readClient);
    },
    changeClient: (change) => changeClient(engine, change),
    removeClient: ({ id, by }) =>
      cut({
        update: clients.removeClient,
        of: ofClient,
        id,
        by,
        told: { kind: 'client_removed', clientId: id, fields: { by: nameOf(by) } },
      }),
    disableSubject: ({ subject, by }) =>
      cut({
        update: subjects.disableSubject,
        of: ofSubject,
        id: subject,
        by,
        told: { kind: 'subject_disabled', fields: { by, subject } },
      }),
    async enableSubject({ subject, by }) {
      const told: Told = { kind: 'subject_enabled', fields: { by, subject } };
      const [, rows] = await engine.batch([
        statement(holdHead),
        statement(subjects.enableSubject, subject),
        ...telling(subjects.auditIfSubjectStands, { told, values: [subject] }),
      ]);
      return { kind: rows?.length === 1 ? 'enabled' : 'unknown' };
    },
    async findSubject({ namespace, externalId }) {
      const [row] = await engine.read(statement(subjects.findSubject, namespace, externalId));
      return row ? readSubject(row) : null;
    },
    endSessionsOf: (of) =>
      'clientId' in of
        ? cut({
            update: clients.cutClient,
            of: ofClient,
            id: of.clientId,
            by: of.by,
            told: { kind: 'sessions_cut', clientId: of.clientId, fields: { by: nameOf(of.by) } },
          })
        : cut({
            update: subjects.cutSubject,
            of: ofSubject,
            id: of.subject,
            by: of.by,
            told: { kind: 'sessions_cut', fields: { by: nameOf(of.by), subject: of.subject } },
            more: isOperator(of.by)
              ? [statement(noteCut, of.subject, request(), 'all_ended_by_operator')]
              : [],
          }),
    async cutEverything({ by }) {
      const told: Told = { kind: 'sessions_cut', fields: { by, everything: true } };
      const [, rows] = await engine.batch([
        statement(moveHead),
        statement(cutEverything),
        statement(sayEverythingCut),
        ...telling(audit, { told }),
      ]);
      return { kind: 'cut', position: integer(onlyRow(rows), 'position') };
    },
  };
}

async function addClient(engine: Engine, client: NewClient): ReturnType<Storage['addClient']> {
  const { id, name, kind, keys, bearer, audiences, rights, registration, subject, by } = client;
  const lists = {
    keys: JSON.stringify(keys),
    audiences: JSON.stringify(audiences),
    rights: JSON.stringify(rights),
  };
  try {
    const told: Told = { kind: 'client_added', clientId: id, fields: { by: nameOf(by), kind } };
    const statements = [
      statement(holdHead),
      // Its own subject has the empty name in its own namespace, which no session start can ask for.
      statement(subjects.addSubject, subject.id, id, '', subject.handle),
      statement(
        clients.addClient,
        id,
        name,
        kind,
        lists.keys,
        bearer ? 1 : 0,
        lists.audiences,
        lists.rights,
        JSON.stringify(registration),
        subject.id,
      ),
      ...telling(audit, { told }),
    ];
    const [, , rows] = await decideAs(engine, by, { statements });
    return { kind: 'added', client: readClient(onlyRow(rows)) };
  } catch (error) {
    if (error instanceof UniqueViolation) return { kind: 'exists' };
    throw error;
  }
}

/** Nothing ends by it, but the head moves: every process reads there that what it knows of clients may be stale. */
async function changeClient(engine: Engine, change: ClientChange): ReturnType<Storage['changeClient']> {
  const { id, from, to, changed, by } = change;
  const told: Told = { kind: 'client_changed', clientId: id, fields: { by: nameOf(by), changed } };
  const asRead = [id, ...columnsOf(from)];
  const [, , rows] = await decideAs(engine, by, {
    statements: [
      statement(moveHead),
      statement(clients.noteClientsChanged, ...asRead),
      statement(clients.changeClient, ...asRead, ...columnsOf(to)),
      ...telling(clients.auditIfClientChanged, { told }),
    ],
  });
  const row = rows?.[0];
  return row ? { kind: 'changed', client: readClient(row) } : { kind: 'moved' };
}

/** In the spelling in which they are written: JSON keeps the order of members that it was read in. */
function columnsOf({ name, keys, audiences, registration }: ChangeableClient): readonly string[] {
  return [name, JSON.stringify(keys), JSON.stringify(audiences), JSON.stringify(registration)];
}
