/**
 * What all SQL in this folder may use: `$1` placeholders, and only what SQLite and PostgreSQL both understand, with four
 * functions: `now_us()` (the database's clock in µs, one value for a whole transaction), `greatest` and `least` (which
 * ignore NULL), and `sha256_hex(text)` (over its UTF-8). SQLite has none of them, its adapter brings them. A lock on what is
 * read stands in a comment, `/* FOR UPDATE … *\/`: SQLite lets one in at a time, and the adapter of PostgreSQL takes it out.
 *
 * Where rows are locked one by one, every transaction takes them in this order, so that none waits for another in a
 * circle: authorization requests, codes, grants, sessions, the head, whatever the head rules (subjects, clients, keys,
 * blocks, pages), the audit log's head.
 */

export const now = `SELECT now_us() AS now`;

export const given = (place: number): string => `CAST($${place} AS TEXT)`;

export const minute = 60_000_000;

export const hour = 60 * minute;

export const day = 24 * hour;

/** Bounded, so that no transaction of a sweep holds the store for long; whoever sweeps goes on until less was found. */
export const sweptAtOnce = 1000;
