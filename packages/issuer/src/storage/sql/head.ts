/** The SQL of the feed's head, whose lock is the order of all ends. */

/** The lowest time the clock may show: nothing is ever decided before what the feed has said. */
export const headPosition = `SELECT position FROM head`;

export const nextPosition = `UPDATE head SET position = greatest(position + 1, now_us())`;

/**
 * Whoever moves the head holds it until the commit: the order of positions is the order of commits, and whoever sees a
 * position committed sees everything at and below it. So it comes before the entries at that position, always.
 *
 * At or after every start there is: the clock may have been set back since, and a cut here ends them all.
 */
export const moveHead = `
  UPDATE head SET position = greatest(position + 1, now_us(), (SELECT max(started_at) FROM sessions)) RETURNING position`;

/** Waits for every transaction that moved the head, and lets none move it until the commit. */
export const holdHead = `UPDATE head SET position = position`;

export const atHead = `(SELECT position FROM head)`;

/**
 * A clock that was set back stands at the head until it has caught up (or shows less): then the head moves by what it
 * can, so that guards see that the issuer lives.
 */
export const beat = `${nextPosition} WHERE position < now_us() - 900000 OR position >= now_us()`;
