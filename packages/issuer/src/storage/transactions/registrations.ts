import type { NewClient } from '../port/decisions.ts';
import { UniqueViolation, type Engine } from '../engine.ts';
import { integer, orNull, text } from './read-rows.ts';
import type { RegistrationStorage } from '../port/registration-storage.ts';
import { statement } from './decision.ts';
import { recordAudit } from '../sql/audit.ts';
import { sweptAtOnce } from '../sql/dialect.ts';
import { headPosition, holdHead } from '../sql/head.ts';
import * as sql from '../sql/self-registered.ts';

/** Clients that registered themselves, over SQL. */
export function createSqlRegistrations(engine: Engine): RegistrationStorage {
  return {
    registerClient: (client, perHour) => registerClient(engine, client, perHour),
    async renewKeys(clientId, keys) {
      const values = [clientId, JSON.stringify(keys)];
      const [, , , renewed] = await engine.batch([
        statement(holdHead),
        statement(sql.auditNewKeys, ...values),
        statement(recordAudit),
        statement(sql.renewKeys, ...values),
      ]);
      return renewed?.length === 1;
    },
    async documentReadAt(clientId) {
      const [row] = await engine.read(statement(sql.documentReadAt, clientId));
      return row ? orNull(integer, row, 'read_at') : null;
    },
    async countOpenRequests() {
      const rows = await engine.read(statement(sql.countOpenRequests));
      return new Map(
        rows.map((row) => {
          const client = integer(row, 'proven');
          return [text(row, 'client_id'), { client, anybody: integer(row, 'many') - client }];
        }),
      );
    },
    async isLinked(clientId) {
      return (await engine.read(statement(sql.isLinked, clientId))).length === 1;
    },
    sweepUnusedClients: () => sweepUnusedClients(engine),
  };
}

async function registerClient(
  engine: Engine,
  client: NewClient,
  perHour: number,
): ReturnType<RegistrationStorage['registerClient']> {
  const { id, name, kind, subject, registration, by } = client;
  const how = registration.by === 'document' ? 'document' : 'dynamic';
  const isRead = how === 'document' || registration.jwksUri !== undefined;
  const [keys, audiences] = [JSON.stringify(client.keys), JSON.stringify(client.audiences)];
  const values = [id, name, kind, keys, client.bearer ? 1 : 0, audiences, JSON.stringify(registration)];
  const nothing = statement(headPosition);
  const changing =
    how === 'document'
      ? [
          statement(sql.auditChanged, ...values),
          statement(recordAudit),
          statement(sql.updateDocument, ...values),
        ]
      : [nothing, nothing, nothing];
  const [, , , updated, , added] = await engine.batch([
    statement(holdHead),
    ...changing,
    statement(sql.addSubjectOfRegistered(how), subject.id, id, subject.handle, perHour),
    statement(sql.addRegistered(isRead), ...values, subject.id),
    statement(sql.auditRegistered, id, JSON.stringify({ by, kind }), subject.id),
    statement(recordAudit),
  ]);
  const row = added?.[0] ?? (how === 'document' ? updated?.[0] : undefined);
  return row ? { kind: 'registered', createdAt: integer(row, 'created_at') } : { kind: 'refused' };
}

/** Each in a transaction of its own, with its line of the log. */
async function sweepUnusedClients(engine: Engine): Promise<number> {
  let swept = 0;
  for (;;) {
    const unused = await engine.read(statement(sql.listUnused));
    const before = swept;
    for (const row of unused) if (await deleteUnused(engine, text(row, 'id'))) swept += 1;
    // Whatever is in somebody's hands has its turn next time.
    if (unused.length < sweptAtOnce || swept === before) return swept;
  }
}

/** With what waits for it, or not at all: a request that somebody just decides keeps its client, and the others that wait. */
async function deleteUnused(engine: Engine, id: string): Promise<boolean> {
  try {
    const [, , deleted] = await engine.batch([
      statement(sql.dropRequestsOfForgone, id),
      statement(holdHead),
      statement(sql.deleteUnused, id),
      statement(sql.demandGone, id),
      statement(sql.auditUnused, id, JSON.stringify({ by: 'unused' })),
      statement(recordAudit),
      statement(sql.deleteSubjectOfUnused, id),
    ]);
    return deleted?.length === 1;
  } catch (error) {
    if (error instanceof UniqueViolation && error.table === 'clients') return false;
    throw error;
  }
}
