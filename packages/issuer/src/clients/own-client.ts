import { newId } from '../random.ts';
import type { Storage } from '../storage/port/storage.ts';

/** In whose name people are signed in at the issuer's own pages. It has no key: nothing outside can speak for it. */
export const ownClientId = 'symbolon';

/**
 * Makes the issuer's own client where the store has none.
 *
 * @throws TypeError if another client has its name, or it was removed.
 */
export async function settleOwnClient(storage: Storage): Promise<void> {
  const registration = {
    redirectUris: [],
    postLogoutRedirectUris: [],
    backchannelLogoutUri: null,
    by: 'operator' as const,
    consent: 'given' as const,
  };
  await storage.addClient({
    ...{ id: ownClientId, name: 'This issuer', kind: 'own', keys: [], bearer: false },
    ...{ audiences: [], rights: [], registration, by: 'issuer' },
    subject: { id: newId(), handle: newId() },
  });
  const row = await storage.findClient(ownClientId);
  if (row?.kind !== 'own' || row.removedAt !== null) {
    throw new TypeError(
      `the store's client ${ownClientId} is not the issuer's own one: people need that name, so use another store`,
    );
  }
}
