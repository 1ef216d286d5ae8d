/** The SQL of decisions that somebody makes who is signed in at the issuer's own pages. `dialect.ts` says what it may use. */
import { given } from './dialect.ts';
import { alive } from './sessions.ts';

/**
 * Fails the whole batch, by the row of `head` that stands already, unless the session stands and its person is what he
 * acts as. With the head held, as every end holds it, the answer is good until the commit. $1 sid, $2 role.
 */
export const demandActing = `
  INSERT INTO head (one, position, cut_at, floor) SELECT one, position, cut_at, floor FROM head
  WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.id = $1 AND sessions.kind = 'browser' AND ${alive}
    AND (${given(2)} = 'person' OR EXISTS (SELECT 1 FROM accounts
      WHERE accounts.subject = sessions.subject AND accounts.role = ${given(2)})))`;
