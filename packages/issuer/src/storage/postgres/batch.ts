import type { ClientBase, Connection, Submittable } from 'pg';
import type { Row, Statement } from '../engine.ts';
import { preparedOf, type Field, type Prepared } from './statements.ts';

type Rows = readonly Row[];

/**
 * Runs statements as one transaction in one round trip: all of them before one Sync, which PostgreSQL takes as one
 * transaction that commits there or not at all (protocol, "Pipelining"). Statements after one whose `lastIf` can end
 * the batch wait for its rows, which is a second round trip but spares the database what would do nothing.
 *
 * When time (ms) is over the connection is destroyed, and whether the transaction was committed is not known.
 */
export function runBatch(
  client: ClientBase,
  { statements, within }: { statements: readonly Statement[]; within: number },
): Promise<readonly Rows[]> {
  return new Promise((resolve, reject) => {
    const texts = statements.map((statement) => wireValues(statement));
    const batch = createBatch({ client, statements, texts, within, resolve, reject });
    client.query(batch);
  });
}

/** What pg's client calls as the answers come in; the same calls that it makes on its own queries. */
interface Batch extends Submittable {
  readonly handleRowDescription: (message: { fields: readonly Field[] }) => void;
  readonly handleDataRow: (message: { fields: readonly (string | null)[] }) => void;
  readonly handleCommandComplete: () => void;
  readonly handleEmptyQuery: () => void;
  readonly handlePortalSuspended: () => void;
  readonly handleReadyForQuery: () => void;
  readonly handleError: (error: Error) => void;
}

interface Job {
  readonly client: ClientBase;
  readonly statements: readonly Statement[];
  /** Values as the wire wants them, for each statement. */
  readonly texts: readonly (string | null)[][];
  readonly within: number;
  readonly resolve: (results: readonly Rows[]) => void;
  readonly reject: (reason: unknown) => void;
}

function createBatch({ client, statements, texts, within, resolve, reject }: Job): Batch {
  const prepared = preparedOf(client);
  const known = statements.map(({ sql }) => prepared.get(sql));
  const results: Row[][] = [];
  let rows: Row[] = [];
  let connection: Connection | undefined;
  let sent = 0;
  let synced = false;
  let fault: unknown;
  let timer: NodeJS.Timeout | undefined;

  function sync(to: Connection): void {
    synced = true;
    to.sync();
  }

  /** Sends on to the next statement that may be the last one, or to the end. */
  function send(to: Connection): void {
    to.stream.cork();
    let stops = false;
    while (sent < statements.length && !stops) {
      execute(to, { statement: known[sent], values: texts[sent] ?? [] });
      stops = statements[sent]?.lastIf !== undefined;
      sent += 1;
    }
    if (stops && sent < statements.length) to.flush();
    else sync(to);
    to.stream.uncork();
  }

  function complete(): void {
    const done = results.push(rows);
    const last = statements[done - 1]?.lastIf?.(rows) === true;
    rows = [];
    if (done < sent || done === statements.length || !connection) return;
    if (last) sync(connection);
    else send(connection);
  }

  return {
    submit(to) {
      connection = to;
      timer = setTimeout(() => {
        to.stream.destroy(
          new Error(`unexpected silence of the database for ${within} ms, expected an answer`),
        );
      }, within);
      send(to);
    },
    handleRowDescription({ fields }) {
      known[results.length]?.describe(fields);
    },
    handleDataRow({ fields }) {
      try {
        const row = known[results.length]?.read(fields);
        if (row) rows.push(row);
      } catch (error) {
        fault = error;
      }
    },
    handleCommandComplete: complete,
    handleEmptyQuery: complete,
    handlePortalSuspended: complete,
    handleReadyForQuery() {
      clearTimeout(timer);
      for (const statement of known) statement.settled();
      if (fault === undefined) resolve(results);
      else reject(fault);
    },
    handleError(error) {
      clearTimeout(timer);
      // The server reads on from the next Sync.
      if (!synced && connection?.stream.writable) sync(connection);
      for (const statement of known) statement.doubted();
      reject(error);
    },
  };
}

function execute(to: Connection, of: { statement: Prepared | undefined; values: (string | null)[] }): void {
  const { statement, values } = of;
  if (!statement) return;
  const { name, text } = statement;
  if (statement.isNew()) {
    to.close({ type: 'S', name }, true);
    to.parse({ name, text, types: [] }, true);
  }
  to.bind({ statement: name, values }, true);
  if (statement.isNew()) to.describe({ type: 'P' }, true);
  statement.sent();
  to.execute({}, true);
}

function wireValues({ values }: Statement): (string | null)[] {
  return values.map((value: unknown) => {
    if (value === null || typeof value === 'string') return value;
    if (typeof value === 'number') return String(value);
    throw new TypeError(`unexpected ${typeof value} as a value, expected text, a number or null`);
  });
}
