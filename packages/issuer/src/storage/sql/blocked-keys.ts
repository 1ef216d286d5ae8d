/** The SQL of machines' keys that may open no session until an operator lifts the block. */
import { auditIf } from './audit.ts';

/** The key that made its proofs and the one that made its assertion, mostly the same. $1 sid, $2 request. */
export const blockHolderKey = `
  INSERT INTO blocked_keys (client_id, jkt, blocked_at)
  SELECT client_id, key, now_us() FROM (
    SELECT client_id, jkt AS key FROM sessions WHERE id = $1 AND request = $2 AND kind = 'machine' AND jkt <> ''
    UNION SELECT client_id, assertion_kid FROM sessions
      WHERE id = $1 AND request = $2 AND kind = 'machine' AND assertion_kid <> '') AS keys
  WHERE 1 = 1 ON CONFLICT (client_id, jkt) DO NOTHING`;

export const listBlocks = (by: { client: boolean }): string => `
  SELECT client_id, jkt, blocked_at FROM blocked_keys ${by.client ? 'WHERE client_id = $1' : ''}
  ORDER BY client_id, blocked_at, jkt`;

export const liftBlock = (by: { jkt: boolean }): string => `
  DELETE FROM blocked_keys WHERE client_id = $1 ${by.jkt ? 'AND jkt = $2' : ''} RETURNING jkt`;

/** Before the block goes: $5 client, $6 jkt. */
export const auditIfBlocked = (by: { jkt: boolean }): string =>
  auditIf(`EXISTS (SELECT 1 FROM blocked_keys WHERE client_id = $5 ${by.jkt ? 'AND jkt = $6' : ''})`);
