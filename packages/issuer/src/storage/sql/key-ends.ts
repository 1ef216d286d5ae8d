/** The SQL that makes a signing key gone: because it was revoked, or because its last token is over. */
import { auditIf, tell } from './audit.ts';
import { day } from './dialect.ts';
import { atHead } from './head.ts';
import { say } from './revocations.ts';
import { inState, keyColumns } from './signing-keys.ts';

/** A guard never admits a key again that it saw revoked; a guard that starts within this time hears of it. */
const keyEntriesLast = 400 * day;

/** Before the key is revoked. $1 kid, $2 purpose, $3 algorithm. */
export const sayKeyRevoked = say({
  kind: 'key',
  value: 'k.id',
  cutAt: '0',
  until: `now_us() + ${keyEntriesLast}`,
  of: `head, signing_keys AS k WHERE k.id = $1 AND k.purpose = $2 AND k.alg = $3 AND k.state <> 'gone'`,
});

/** $1 kid, $2 purpose, $3 algorithm. */
export const revokeKey = `
  UPDATE signing_keys SET state = 'gone', gone_at = now_us(), wrapped_key = NULL
  WHERE id = $1 AND purpose = $2 AND alg = $3 AND state <> 'gone' RETURNING id AS kid`;

/** $5 kid, after the head was moved and the key ended. */
export const auditIfKeyRevoked = auditIf(
  `EXISTS (SELECT 1 FROM revocations WHERE position = ${atHead} AND kind = 'key' AND value = $5)`,
);

export const promoteNextInPlaceOf = `
  UPDATE signing_keys SET state = 'current', current_at = now_us()
  WHERE purpose = $2 AND alg = $3 AND state = 'next' AND NOT ${inState('current')}
    AND EXISTS (SELECT 1 FROM signing_keys AS r WHERE r.id = $1 AND r.state = 'gone')`;

export const auditIfKeyStands = auditIf(`EXISTS (SELECT 1 FROM signing_keys WHERE id = $5)`);

/** The one that was retired first of those whose tokens are over. */
const expiredKey = (purpose: string, life: string) => `(SELECT id FROM signing_keys
  WHERE purpose = ${purpose} AND state = 'retired' AND retired_at + ${life} <= now_us() ORDER BY retired_at, id LIMIT 1)`;

/** With the head held, before it is dropped. $1 purpose, $2 the longest life of a token it may have signed. */
export const auditExpiredKey = tell(
  {
    kind: `'key_dropped'`,
    clientId: 'CAST(NULL AS TEXT)',
    sid: 'CAST(NULL AS TEXT)',
    fields: `('{"kid":"' || ${expiredKey('$1', '$2')} || '"}')`,
  },
  `${expiredKey('$1', '$2')} IS NOT NULL`,
);

/** $1 and $2 as in `auditExpiredKey`. */
export const dropExpiredKey = `
  UPDATE signing_keys SET state = 'gone', gone_at = now_us(), wrapped_key = NULL
  WHERE id = ${expiredKey('$1', '$2')} RETURNING ${keyColumns}`;
