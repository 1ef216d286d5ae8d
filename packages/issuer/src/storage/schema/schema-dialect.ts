/** The few words in which databases differ when a table is made. */
export interface Dialect {
  /** A 64-bit integer. */
  readonly integer: string;
  /** Text that is equal, and ordered, byte by byte. */
  readonly text: string;
  /** What follows a table's closing parenthesis. */
  readonly table: string;
  /**
   * Whether a row that changes stays in its place unless an indexed column changes: then what every refresh changes is
   * better in no index, and the thousand sessions of a machine client are sorted when one must go.
   */
  readonly updatesInPlace: boolean;
}

/** Typed columns, so that a value of the wrong kind is refused and not kept. */
export const sqliteDialect: Dialect = {
  integer: 'INTEGER',
  text: 'TEXT',
  table: 'STRICT',
  updatesInPlace: false,
};

/** No collation but bytes: an index made under another one breaks with the system's next set of languages. */
export const postgresDialect: Dialect = {
  integer: 'BIGINT',
  text: 'TEXT COLLATE "C"',
  // Room beside each row for its next version: https://www.postgresql.org/docs/current/storage-hot.html
  table: 'WITH (fillfactor = 80)',
  updatesInPlace: true,
};
