import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';

/** How many sessions sleep beside those that are awake already. */
export interface Sleepers {
  readonly awake: number;
  readonly asleep: number;
}

/** What a session that sleeps has in common with one that was really started. */
const copied = [
  'kind',
  'client_id',
  'audience',
  'scope',
  'jkt',
  'generation',
  'rotated_at',
  'started_at',
  'created_at',
  'authenticated_at',
  'amr',
  'device',
  'last_used_at',
  'idle_life',
  'idle_expires_at',
  'absolute_expires_at',
  'repeats',
];

/** Adds sessions, each of a subject of its own, to a store on SQLite; those that are awake lie scattered among them. */
export function addSleepersToSqlite(file: string, { awake, asleep }: Sleepers): void {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  const id = `substr(lower(hex(randomblob(11))), 1, 22)`;
  // Every so many places one is awake: SQLite keeps rows in the order of their rowid.
  const gap = Math.ceil((awake + asleep) / awake);
  const spread = (table: string): string =>
    `UPDATE ${table} SET rowid = -rowid; UPDATE ${table} SET rowid = -rowid * ${gap};`;
  const place = (n: string): string => `${n} + (${n} - 1) / ${gap - 1}`;
  database.exec(`
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -1000000;
    BEGIN;
    ${spread('subjects')}
    ${spread('sessions')}
    ${addSubjects({ id, asleep, place: { column: 'rowid, ', value: `${place('n')}, ` } })};
    ${addSessions({ id, place: { column: 'rowid, ', value: `${place('CAST(external_id AS INTEGER)')}, ` } })};
    COMMIT;
    PRAGMA wal_checkpoint(TRUNCATE);
  `);
  database.close();
}

/** As {@link addSleepersToSqlite}, to a database. */
export async function addSleepersToPostgres(url: string, { asleep }: Sleepers): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const id = `substr(md5(CAST(random() AS text)), 1, 22)`;
  const statements = [
    // No check of each foreign key.
    `SET session_replication_role = replica`,
    `SET maintenance_work_mem = '256MB'`,
    addSubjects({ id, asleep }),
    addSessions({ id }),
    // Rows in the order of their random ids: those that are awake lie scattered.
    `CLUSTER subjects USING subjects_pkey`,
    `CLUSTER sessions USING sessions_pkey`,
    `VACUUM ANALYZE`,
    `CHECKPOINT`,
  ];
  for (const statement of statements) await client.query(statement);
  await client.end();
}

interface Place {
  readonly column: string;
  readonly value: string;
}

const anywhere: Place = { column: '', value: '' };

function addSubjects(of: { id: string; asleep: number; place?: Place }): string {
  const { id, asleep, place = anywhere } = of;
  return `INSERT INTO subjects (${place.column}id, namespace, external_id, handle, enabled, cut_at, created_at)
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${asleep})
    SELECT ${place.value}${id}, 'sleepers', CAST(n AS text), ${id}, 1, 0, 0 FROM numbers`;
}

function addSessions({ id, place = anywhere }: { id: string; place?: Place }): string {
  const values = copied.map((column) => `model.${column}`).join(', ');
  return `INSERT INTO sessions (${place.column}id, subject, ${copied.join(', ')})
    SELECT ${place.value}${id}, subjects.id, ${values}
    FROM subjects CROSS JOIN (SELECT * FROM sessions LIMIT 1) AS model
    WHERE subjects.namespace = 'sleepers'
    ORDER BY CAST(external_id AS bigint)`;
}
