import { Client } from 'pg';
import { databaseName } from './url.ts';

/** What a look at a server of PostgreSQL shows, as this store's user sees it; nothing is changed. */
export type PostgresInspection =
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'standby'; readonly database: string }
  | {
      readonly kind: 'primary';
      readonly database: string;
      readonly fsync: boolean;
      readonly fullPageWrites: boolean;
      /** `synchronous_commit` as it stands for this user and database. */
      readonly commit: string;
      /** How many synchronous standbys a commit waits for; 0 where `synchronous_standby_names` is empty. */
      readonly wanted: number;
      readonly standbys: number;
      /** Those of them that are synchronous; undefined where this user may not see it. */
      readonly synchronous: number | undefined;
    };

const connectWithin = 5000;

/** Looks at the server of a store; one that cannot be reached is told in full by whoever opens the store. */
export async function inspectPostgres({ url }: { url: string }): Promise<PostgresInspection> {
  const database = databaseName(url);
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: connectWithin,
    query_timeout: connectWithin,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<Facts>(serverFacts);
    return readFacts(database, rows[0]);
  } catch {
    return { kind: 'unreachable' };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** All of one SELECT, as text, so that a standby answers it too. */
interface Facts {
  readonly standby: boolean;
  readonly fsync: string;
  readonly pages: string;
  readonly commit: string;
  readonly names: string;
  readonly standbys: number;
  readonly synchronous: number;
  readonly sees: boolean;
}

/** Who may not read all statistics sees that standbys are there, but not of what kind. */
const serverFacts = `
  SELECT pg_is_in_recovery() AS standby, current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS pages, current_setting('synchronous_commit') AS commit,
    current_setting('synchronous_standby_names') AS names,
    (SELECT CAST(count(*) AS INTEGER) FROM pg_stat_replication) AS standbys,
    (SELECT CAST(count(*) AS INTEGER) FROM pg_stat_replication
      WHERE sync_state IN ('sync', 'quorum')) AS synchronous,
    pg_has_role(current_user, 'pg_read_all_stats', 'MEMBER') AS sees`;

function readFacts(database: string, facts: Facts | undefined): PostgresInspection {
  if (facts === undefined) return { kind: 'unreachable' };
  if (facts.standby) return { kind: 'standby', database };
  return {
    kind: 'primary',
    database,
    fsync: facts.fsync !== 'off',
    fullPageWrites: facts.pages !== 'off',
    commit: facts.commit,
    wanted: standbysWanted(facts.names),
    standbys: facts.standbys,
    synchronous: facts.sees ? facts.synchronous : undefined,
  };
}

/** `FIRST 2 (a, b)`, `ANY 1 (a, b)`, `2 (a, b)` or a bare list, which means one. */
function standbysWanted(names: string): number {
  if (names.trim() === '') return 0;
  return Number(/^\s*(?:(?:FIRST|ANY)\s+)?(\d+)\s*\(/i.exec(names)?.[1] ?? 1);
}
