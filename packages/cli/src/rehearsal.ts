import { randomBytes } from 'node:crypto';
import { createIssuer, createKeyring, openSqlite } from '@symbolon/issuer';
import { issuerOptions } from './open-issuer.ts';
import type { Settings } from './settings.ts';

/**
 * Starts an issuer of these settings in memory and stops it: what it refuses is refused before anything stands.
 *
 * A store belongs to one issuer for ever, so a slip in the URL would otherwise be kept by the folder of a start that came
 * to nothing. It does not try what lies outside: the key file, a database, a token that holds keys, the port.
 *
 * @throws TypeError for settings that the issuer does not take.
 */
export async function rehearse(settings: Settings): Promise<void> {
  const storage = openSqlite({ file: ':memory:' });
  const keyring = createKeyring([{ id: 'rehearsal', secret: randomBytes(32) }]);
  try {
    const issuer = await createIssuer({ ...issuerOptions(settings), storage, keyring });
    await issuer.close();
  } catch (error) {
    await storage.close();
    throw error;
  }
}
