/** The SQL that reads the feed, closes its pages and raises its floor. */
import { hour, minute } from './dialect.ts';
import { atHead, nextPosition } from './head.ts';
import { clientsChanged } from './meta.ts';

/** One row for each entry, the head beside it, in one reading, so that they fit. $1 after, $2 limit. */
export const readFeed = `
  SELECT head.position AS head, head.floor, coalesce((SELECT max(to_position) FROM feed_pages), 0) AS page_end,
    coalesce((SELECT CAST(value AS BIGINT) FROM meta WHERE key = '${clientsChanged}'), 0) AS clients_at,
    entry.position, entry.kind, entry.value, entry.cut_at, entry.until
  FROM head LEFT JOIN (
    SELECT position, kind, value, cut_at, until FROM revocations
    WHERE position > $1 ORDER BY position, kind, value LIMIT $2) AS entry ON 1 = 1
  ORDER BY entry.position, entry.kind, entry.value`;

/** $1 where the page ends. */
export const readPage = `
  SELECT feed_pages.from_position, feed_pages.to_position, head.floor,
    entry.position, entry.kind, entry.value, entry.cut_at, entry.until
  FROM head, feed_pages LEFT JOIN revocations AS entry
    ON entry.position > feed_pages.from_position AND entry.position <= feed_pages.to_position
  WHERE feed_pages.to_position = $1
  ORDER BY entry.position, entry.kind, entry.value`;

const pageHoldsAtMost = 10_000;

const pageEnd = `coalesce((SELECT max(to_position) FROM feed_pages), 0)`;

const open = `SELECT position FROM revocations WHERE position > ${pageEnd}
  ORDER BY position LIMIT ${pageHoldsAtMost + 1}`;

/**
 * With the head held, closes one page: when more are open than it holds, as many whole positions as fit; else, when one
 * has been open for 15 minutes, all that are older than ten.
 */
export const closePage = `
  INSERT INTO feed_pages (from_position, to_position)
  SELECT ${pageEnd}, max(o.position)
  FROM (${open}) AS o,
    (SELECT count(*) AS many, min(position) AS oldest, max(position) AS newest FROM (${open}) AS p) AS s
  WHERE (s.many > ${pageHoldsAtMost} AND o.position < s.newest)
    OR (s.many <= ${pageHoldsAtMost} AND s.oldest < now_us() - ${15 * minute} AND o.position < now_us() - ${10 * minute})
  HAVING count(*) > 0
  RETURNING to_position`;

/**
 * A key's entry outlives all others and would hold the floor down. An hour old it is said again at the head, and where
 * it stood it stays for the hour in which somebody may still be reading the pages there.
 */
const isOldKey = `kind = 'key' AND position < now_us() - ${hour} AND until > now_us() + ${2 * hour}`;

export const moveHeadIfKeysAreOld = `${nextPosition} WHERE EXISTS (SELECT 1 FROM revocations WHERE ${isOldKey})`;

export const sayOldKeysAgain = `
  INSERT INTO revocations (position, kind, value, cut_at, until)
  SELECT ${atHead}, kind, value, cut_at, until FROM revocations WHERE ${isOldKey}`;

export const shortenOldKeys = `UPDATE revocations SET until = now_us() + ${hour} WHERE ${isOldKey}`;

/** The floor is one below the first entry that has not run its time, and the head where there is none. It never sinks. */
export const raiseFloor = `
  UPDATE head SET floor = greatest(floor, coalesce(
    (SELECT r.position - 1 FROM revocations AS r WHERE r.until > now_us() ORDER BY r.position LIMIT 1), position))`;

/** Pages below the floor lead nowhere; a reader who knows an older floor has an hour. The last one says where the next begins. */
export const sweepPages = `
  DELETE FROM feed_pages WHERE to_position <= (SELECT floor FROM head) - ${hour}
    AND to_position < (SELECT max(p.to_position) FROM feed_pages AS p)`;
