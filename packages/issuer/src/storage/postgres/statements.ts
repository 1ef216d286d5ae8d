import type { ClientBase } from 'pg';
import type { Row } from '../engine.ts';

/** A column as the server describes it. */
export interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

/** A statement of one connection: parsed and described by the server once, known by name from then on. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
  /** Whether it must be parsed and described before it is executed. */
  readonly isNew: () => boolean;
  readonly sent: () => void;
  readonly describe: (fields: readonly Field[]) => void;
  readonly read: (values: readonly (string | null)[]) => Row;
  /** The batch it was in succeeded: the server has it. */
  readonly settled: () => void;
  /** The batch it was in failed: the server may not have come to it. */
  readonly doubted: () => void;
}

const ofClients = new WeakMap<ClientBase, Map<string, Prepared>>();

/** The statements of a connection. Texts come from one file, so they are few. */
export function preparedOf(client: ClientBase): { get: (text: string) => Prepared } {
  const known = ofClients.get(client) ?? new Map<string, Prepared>();
  ofClients.set(client, known);
  return {
    get(text) {
      const prepared = known.get(text) ?? createPrepared(text, `symbolon_${known.size}`);
      known.set(text, prepared);
      return prepared;
    },
  };
}

function createPrepared(sql: string, name: string): Prepared {
  const text = withLocks(sql);
  let state: 'new' | 'sent' | 'settled' = 'new';
  let fields: readonly Field[] = [];
  return {
    name,
    text,
    isNew: () => state === 'new',
    sent: () => {
      if (state === 'new') state = 'sent';
    },
    describe: (described) => (fields = described),
    read: (values) =>
      Object.fromEntries(fields.map(({ name, dataTypeID }, at) => [name, decode(values[at], dataTypeID)])),
    settled: () => {
      if (state === 'sent') state = 'settled';
    },
    doubted: () => {
      if (state === 'sent') state = 'new';
    },
  };
}

/** Locks on what is read stand in comments, since SQLite knows none. */
const withLocks = (sql: string) => sql.replaceAll(/\/\* (FOR [A-Z ]+) \*\//g, '$1');

/** https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat: int8, int2, int4. */
const integers: readonly number[] = [20, 21, 23];

/** @throws RangeError if an integer is not a safe one: no row of ours holds such. */
function decode(value: string | null | undefined, type: number): unknown {
  if (value === null || value === undefined || !integers.includes(type)) return value ?? null;
  const integer = Number(value);
  if (Number.isSafeInteger(integer)) return integer;
  throw new RangeError('unexpected integer beyond 2^53 in a column, expected a safe integer');
}
