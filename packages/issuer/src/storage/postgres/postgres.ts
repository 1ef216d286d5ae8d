import { createPostgresEngine } from './engine.ts';
import { expectSchema } from './migrate.ts';
import { openConnections, type PostgresOptions } from './pool.ts';
import { createSqlStorage } from '../transactions/sql-storage.ts';
import type { Storage } from '../port/storage.ts';

export type { PostgresOptions } from './pool.ts';

/**
 * Opens a store on PostgreSQL, in which any number of processes may work at once. The schema must be there:
 * {@link migratePostgres} makes it.
 *
 * `clock` (ms since the epoch) stands in for the database's clock in tests.
 *
 * @throws PostgresFault if the database cannot be reached, is a standby, or its schema is not this version's.
 */
export async function openPostgres(
  options: PostgresOptions & { readonly clock?: () => number },
): Promise<Storage> {
  const { patience = 2000, clock } = options;
  const connections = openConnections(options);
  try {
    const client = await connections.acquire(performance.now() + patience);
    await expectSchema(client).finally(() => {
      client.release();
    });
    return createSqlStorage(createPostgresEngine(connections, { patience, clock }));
  } catch (error) {
    await connections.end();
    throw error;
  }
}
