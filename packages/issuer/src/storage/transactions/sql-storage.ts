import { newId } from '../../random.ts';
import type { Engine } from '../engine.ts';
import { integer, onlyRow, readBlock, text } from './read-rows.ts';
import { createSqlAccountChanges } from './account-changes.ts';
import { createSqlAccounts } from './accounts.ts';
import { createSqlAudit } from './audit.ts';
import { createSqlAuthorizations } from './authorizations.ts';
import { createSqlBrowsers } from './browsers.ts';
import { createSqlClients } from './clients.ts';
import { statement, telling, type Told } from './decision.ts';
import { createSqlFeed } from './feed.ts';
import { createSqlKeys } from './keys.ts';
import { createSqlLists } from './lists.ts';
import { createSqlLogouts } from './logouts.ts';
import { createSqlSessions } from './sessions.ts';
import { createSqlSweep } from './sweep.ts';
import * as blocks from '../sql/blocked-keys.ts';
import { now } from '../sql/dialect.ts';
import { holdHead } from '../sql/head.ts';
import * as meta from '../sql/meta.ts';
import type { Storage } from '../port/storage.ts';

/** The store over any engine that runs batches as transactions and has the functions named in `sql/dialect.ts`. */
export function createSqlStorage(engine: Engine): Storage {
  const requests = createRequests();
  const accounts = createSqlAccounts(engine, requests);
  return {
    ...createSqlClients(engine, requests),
    ...createSqlSessions(engine, requests),
    ...accounts,
    ...createSqlAccountChanges(engine, {
      request: requests,
      disable: (change) => accounts.disableAccount(change),
    }),
    ...createSqlBrowsers(engine, requests),
    ...createSqlAuthorizations(engine, requests),
    ...createSqlLogouts(engine, requests),
    ...createSqlKeys(engine),
    ...createSqlLists(engine, requests),
    ...createSqlFeed(engine),
    ...createSqlAudit(engine),
    ...createSqlSweep(engine),
    async listBlocks({ clientId }) {
      const ofClient = clientId === undefined ? [] : [clientId];
      const rows = await engine.read(
        statement(blocks.listBlocks({ client: clientId !== undefined }), ...ofClient),
      );
      return rows.map(readBlock);
    },
    async liftBlock({ clientId, jkt, by }) {
      const of = { jkt: jkt !== undefined };
      const which = jkt === undefined ? [clientId] : [clientId, jkt];
      const told: Told = { kind: 'block_lifted', clientId, fields: { by } };
      const [, , , rows = []] = await engine.batch([
        statement(holdHead),
        ...telling(blocks.auditIfBlocked(of), { told, values: which }),
        statement(blocks.liftBlock(of), ...which),
      ]);
      return { kind: 'lifted', keys: rows.map((row) => text(row, 'jkt')) };
    },
    async settleMeta(key, value) {
      const [, rows] = await engine.batch([
        statement(meta.settleMeta, key, value),
        statement(meta.findMeta, key),
      ]);
      return text(onlyRow(rows), 'value');
    },
    async replaceMeta(key, { from, to }) {
      await engine.batch([statement(meta.replaceMeta, key, from, to)]);
    },
    async findMeta(key) {
      const [row] = await engine.read(statement(meta.findMeta, key));
      return row ? text(row, 'value') : null;
    },
    async now() {
      return integer(onlyRow(await engine.read(statement(now))), 'now');
    },
    close: () => engine.close(),
  };
}

/** Names for decisions, different in every process: by them a transaction knows its own work again. No secret. */
function createRequests(): () => string {
  const opened = newId();
  let made = 0;
  return () => `${opened}.${++made}`;
}
