/** The SQL of the refresh: one statement decides, and what is told of it reads what that left in the row. */
import { givenLine, tell } from './audit.ts';
import { minute } from './dialect.ts';
import { alive, issueColumns } from './sessions.ts';

/** Rule 3 asks how long ago the last rotation was. */
const supersededFor = 60_000_000;

/** What the token's generation $2 means against the row as it stands: rules 1 to 3 of `docs/spec/refresh.md`, and nothing else. */
const refreshOutcome = `CASE
  WHEN generation < $2 THEN 'recovered'
  WHEN generation = $2 THEN 'rotated'
  WHEN generation = $2 + 1 THEN 'repeated'
  WHEN rotated_at >= now_us() - ${supersededFor} THEN 'superseded'
  ELSE 'reuse' END`;

const isReuse = `generation > $2 + 1 AND rotated_at < now_us() - ${supersededFor}`;

/**
 * The refresh: one statement. $1 sid, $2 generation, $3 client, $4 jkt, $5 refresh algorithm, $6 request, then an
 * audience and its algorithm, as many times as `audiences` says. A foreign key, a foreign client or a session that is
 * over touches no row. The row keeps the outcome and which request it was, so that what follows in this transaction
 * speaks about this refresh and no other.
 */
export const rotate = (audiences: number): string => `
  UPDATE sessions SET
    request = $6,
    outcome = ${refreshOutcome},
    generation = CASE WHEN generation <= $2 THEN $2 + 1 ELSE generation END,
    rotated_at = CASE WHEN generation <= $2 THEN now_us() ELSE rotated_at END,
    idle_expires_at = CASE WHEN generation <= $2
      THEN least(now_us() + idle_life, absolute_expires_at) ELSE idle_expires_at END,
    last_used_at = CASE WHEN generation <= $2 + 1 THEN now_us() ELSE last_used_at END,
    repeats = CASE WHEN generation = $2 + 1 THEN repeats + 1 ELSE repeats END,
    ended_at = CASE WHEN ${isReuse} THEN now_us() END,
    end_reason = CASE WHEN ${isReuse} THEN 'reuse' END
  WHERE id = $1 AND client_id = $3 AND jkt = $4 AND jkt <> '' AND $2 < ${Number.MAX_SAFE_INTEGER} AND ${alive}
    AND audience IN (${pairs(audiences, ([audience]) => audience).join(', ')})
  RETURNING outcome, ${issueColumns(algOfAudience(audiences), '$5')}`;

const pairs = (count: number, text: (placeholders: [string, string]) => string) =>
  Array.from({ length: count }, (_, pair) => text([`$${7 + 2 * pair}`, `$${8 + 2 * pair}`]));

const algOfAudience = (audiences: number) =>
  `CASE sessions.audience ${pairs(audiences, ([audience, alg]) => `WHEN ${audience} THEN ${alg}`).join(' ')} END`;

/** Of refused refreshes so many lines are written for a session in a minute: a token in wrong hands fills no disk. */
const refusalsToldAtMost = 10;

const refusedOften = `coalesce((SELECT at FROM audit WHERE sid = $3 AND kind = 'refresh_refused'
  ORDER BY seq DESC LIMIT 1 OFFSET ${refusalsToldAtMost - 1}), 0) > now_us() - ${minute}`;

/** $1 request, $2 client, $3 sid, $4 fields: what is worth telling about a refresh, told in its transaction. */
export const auditRefresh = tell(
  {
    ...givenLine,
    kind: `('refresh_' || coalesce((SELECT outcome FROM sessions WHERE id = $3 AND request = $1), 'refused'))`,
  },
  `NOT EXISTS (SELECT 1 FROM sessions
    WHERE id = $3 AND request = $1 AND outcome IN ('rotated', 'repeated', 'superseded'))
    AND (EXISTS (SELECT 1 FROM sessions WHERE id = $3 AND request = $1) OR NOT (${refusedOften}))`,
);
