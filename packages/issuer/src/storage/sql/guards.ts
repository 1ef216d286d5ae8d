/** The SQL of the guards that say what they have applied. */
import { day } from './dialect.ts';

/** $1 client, $2 instance, $3 name, $4 audience, $5 to, $6 keys. What was overtaken on its way takes nothing back. */
export const acknowledge = `
  INSERT INTO guards (client_id, instance, name, audience, to_position, keys, seen_at)
  VALUES ($1, $2, $3, $4, $5, $6, now_us())
  ON CONFLICT (client_id, instance) DO UPDATE SET name = excluded.name, audience = excluded.audience,
    keys = CASE WHEN excluded.to_position >= guards.to_position THEN excluded.keys ELSE guards.keys END,
    to_position = greatest(guards.to_position, excluded.to_position),
    seen_at = greatest(guards.seen_at, excluded.seen_at)`;

/** So many processes of one client are remembered; beyond that those heard of longest ago go. */
const guardsOfClientAtMost = 1000;

/** $1 client. */
export const dropSurplusGuards = `
  DELETE FROM guards WHERE client_id = $1 AND instance IN (SELECT instance FROM guards
    WHERE client_id = $1 AND EXISTS (SELECT 1 FROM guards AS g WHERE g.client_id = $1
      ORDER BY g.instance LIMIT 1 OFFSET ${guardsOfClientAtMost})
    ORDER BY seen_at DESC, to_position DESC, instance LIMIT ${guardsOfClientAtMost} OFFSET ${guardsOfClientAtMost} /* FOR UPDATE SKIP LOCKED */)`;

export const listGuards = `
  SELECT client_id, instance, name, audience, to_position, keys, seen_at FROM guards
  WHERE seen_at > now_us() - ${day} ORDER BY seen_at DESC, client_id, instance`;

export const sweepGuards = `DELETE FROM guards WHERE seen_at <= now_us() - ${day} RETURNING 1 AS swept`;
