import { AuthError } from '@symbolon/token';
import type { Session } from '@symbolon/guard';
import type { Office } from './office.ts';

/**
 * Demands that the client of a session is a machine that has a right at this moment. The token is good for minutes: whether its session
 * stands and its client may do this is asked of the store.
 *
 * @throws AuthError `client_unauthorized`.
 */
export async function demandRight(office: Office, session: Session, right: string): Promise<void> {
  const { kind } = await office.storage.sessionAlive({ sid: session.sessionId });
  const row = await office.storage.findClient(session.clientId);
  // A token of another kind is in the hands of whoever linked the application.
  const may = row?.removedAt === null && row.kind === 'machine' && row.rights.includes(right);
  if (kind !== 'alive' || !may) throw new AuthError('client_unauthorized');
}
