import type { Connection } from '../harness/connection.ts';
import { requestText } from '../harness/pour.ts';

/** Asks a guarded door with a bearer token, and gives the status of the answer. */
export async function knock(
  connection: Connection,
  { port, token, path = '/orders' }: { port: number; token: string; path?: string },
): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await connection.exchange(requestText({ method: 'GET', path, port, headers }))).status;
}
