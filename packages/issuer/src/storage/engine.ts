/** What a column holds. Booleans are kept as 0 and 1, lists as JSON text. */
export type Value = string | number | null;

/** One statement with `$1` placeholders and a value for each. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly Value[];
  /**
   * Says from this statement's rows that nothing after it in its batch would do anything. The engine may stop there,
   * which then answers no rows for the rest, or go on: what follows is conditional in itself.
   */
  readonly lastIf?: (rows: readonly Row[]) => boolean;
}

/** That a batch may share its transaction: its first statements lock one row and nothing else, the rest hold the head. */
export interface Sharing {
  /** Names that row. */
  readonly row: string;
  /** How many statements those first ones are. */
  readonly before: number;
}

export type Row = Readonly<Record<string, unknown>>;

/**
 * What a database has to offer: batches that are transactions, and reads. There is no interactive transaction, so
 * nobody holds a lock while waiting for a network or for us.
 */
export interface Engine {
  /**
   * Runs all statements in one transaction, durable when this resolves; answers the rows of each. With `sharing` it may
   * be one transaction with others that came with it; each is kept or fails as if it were alone.
   */
  batch(statements: readonly Statement[], sharing?: Sharing): Promise<readonly (readonly Row[])[]>;
  /** Runs one statement that writes nothing. */
  read(statement: Statement): Promise<readonly Row[]>;
  /** Finishes what was asked for, then closes. */
  close(): Promise<void>;
}

/** A row of the same name stands already; the batch that met it did nothing. */
export class UniqueViolation extends Error {
  readonly table: string;

  constructor(table: string, options: ErrorOptions) {
    super(`a row with this key stands in ${table} already`, options);
    this.name = 'UniqueViolation';
    this.table = table;
  }
}
