import { createPostgresEngine } from './postgres-engine.ts';
import { expectSchema } from './postgres-migrate.ts';
import { openConnections, type PostgresOptions } from './postgres-pool.ts';
import { createSqlStorage } from './sql-storage.ts';
import type { Storage } from './storage.ts';

export type { PostgresOptions } from './postgres-pool.ts';

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
