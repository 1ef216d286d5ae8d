import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Assertion, NewClient } from '../../src/storage/port/decisions.ts';
import type { Engine } from '../../src/storage/engine.ts';
import type { NewKey } from '../../src/storage/port/key-storage.ts';
import type { KeyPurpose, SessionRow } from '../../src/storage/port/rows.ts';
import type { MachineOpening, Rotation, SessionStart } from '../../src/storage/port/session-storage.ts';
import { createSqlStorage } from '../../src/storage/transactions/sql-storage.ts';
import { openSqliteEngine } from '../../src/storage/sqlite/engine.ts';
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts';
import type { Storage } from '../../src/storage/port/storage.ts';

/** A time that only the test moves. */
export interface StoreClock {
  readonly now: () => number;
  readonly advance: (seconds: number) => void;
  /** Seconds before the start of the test's time, for a clock that is set back. */
  readonly setBack: (seconds: number) => void;
}

export function createStoreClock(): StoreClock {
  let time = Date.UTC(2026, 10, 23, 12);
  return {
    now: () => time,
    advance: (seconds) => (time += seconds * 1000),
    setBack: (seconds) => (time -= seconds * 1000),
  };
}

/** Two ways into one store (the same way twice where an engine has but one) and its clock. */
export interface StoreLab {
  readonly a: Storage;
  readonly b: Storage;
  readonly clock: StoreClock;
  /** Runs a statement past the store, as somebody who can write to the database would. */
  readonly run: (sql: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** Adds a test that gets a furnished store of its own. */
export type StoreTest = (title: string, run: (lab: StoreLab) => Promise<void>) => void;

export type OpenStoreLab = () => Promise<StoreLab>;

export function openMemoryLab(): Promise<StoreLab> {
  const clock = createStoreClock();
  const engine = openSqliteEngine({ file: ':memory:', clock: clock.now });
  const store = createSqlStorage(engine);
  return Promise.resolve({ a: store, b: store, clock, run: runOn(engine), close: () => store.close() });
}

export function openFileLab(): Promise<StoreLab> {
  const clock = createStoreClock();
  const { file, remove } = createFolder();
  const engine = openSqliteEngine({ file, clock: clock.now });
  const [a, b] = [createSqlStorage(engine), openSqlite({ file, clock: clock.now })];
  const close = async () => {
    await Promise.all([a.close(), b.close()]);
    remove();
  };
  return Promise.resolve({ a, b, clock, run: runOn(engine), close });
}

export const runOn =
  (engine: Engine) =>
  (sql: string): Promise<unknown> =>
    engine.batch([{ sql, values: [] }]);

export function createFolder(): { file: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'symbolon-store-'));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  return { file: join(folder, 'symbolon.db'), remove };
}

export const id = (): string => randomBytes(16).toString('base64url');

export const second = 1_000_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const api = 'https://api.example';
export const otherApi = 'https://other.example';
export const app = 'app';
export const machine = 'machine';
export const holderKey = 'holder-key';
export const signWith = { session: 'EdDSA', refresh: 'EdDSA' } as const;
export const signWithByAudience = {
  session: { [api]: 'EdDSA', [otherApi]: 'ES256' },
  refresh: 'EdDSA',
} as const;

export const newKey = (purpose: KeyPurpose, over: Partial<NewKey> = {}): NewKey => ({
  kid: id(),
  purpose,
  alg: 'EdDSA',
  publicJwk: { kty: 'OKP', x: 'public' },
  wrappedKey: 'wrapped',
  kekId: 'kek',
  holdableAfter: 10 * minute,
  ...over,
});

const unlinked: NewClient['registration'] = {
  redirectUris: [],
  postLogoutRedirectUris: [],
  backchannelLogoutUri: null,
  by: 'operator',
  consent: 'ask',
};

export const newClient = (over: Partial<NewClient> = {}): NewClient => ({
  id: id(),
  name: 'A client',
  kind: 'public',
  keys: [],
  bearer: false,
  audiences: [{ audience: api, scope: ['read'] }],
  rights: [],
  registration: unlinked,
  subject: { id: id(), handle: id() },
  by: 'test',
  ...over,
});

export const newStart = (over: Partial<SessionStart> = {}): SessionStart => ({
  sid: id(),
  clientId: app,
  namespace: app,
  externalId: 'ada',
  newSubject: { id: id(), handle: id() },
  audience: api,
  scope: 'read',
  jkt: holderKey,
  amr: ['pwd'],
  device: null,
  idleLife: hour,
  absoluteLife: 24 * hour,
  signWith,
  ...over,
});

export const newAssertion = (over: Partial<Assertion> = {}): Assertion => ({
  clientId: machine,
  kid: 'client-key',
  jtiHash: id(),
  expiresAt: Number.MAX_SAFE_INTEGER,
  ...over,
});

export const newOpening = (over: Partial<MachineOpening> = {}): MachineOpening => ({
  sid: id(),
  clientId: machine,
  audience: api,
  scope: 'read',
  jkt: holderKey,
  idleLife: hour,
  absoluteLife: 24 * hour,
  signWith,
  assertion: newAssertion(),
  ...over,
});

export const rotationOf = (session: SessionRow, over: Partial<Rotation> = {}): Rotation => ({
  sid: session.sid,
  gen: session.generation,
  clientId: session.clientId,
  jkt: session.jkt ?? '',
  signWith: signWithByAudience,
  ...over,
});

/** A store with its keys, a public client `app` and a machine client `machine`. */
export async function furnish(store: Storage): Promise<void> {
  const kinds = [
    ['session', 'EdDSA'],
    ['session', 'ES256'],
    ['refresh', 'EdDSA'],
  ] as const;
  await Promise.all([
    ...kinds.map(([purpose, alg]) => store.addKey(newKey(purpose, { alg }), 'current')),
    ...kinds.map(([purpose, alg]) => store.addKey(newKey(purpose, { alg }), 'next')),
    store.addClient(newClient({ id: app })),
    store.addClient(newClient({ id: machine, kind: 'machine', keys: [{ kty: 'OKP', x: 'machine' }] })),
  ]);
}

export async function started(store: Storage, over: Partial<SessionStart> = {}): Promise<SessionRow> {
  const result = await store.startSession(newStart(over));
  if (result.kind !== 'started') throw new Error(`unexpected ${result.kind}, expected a session`);
  return result.session;
}

export async function opened(store: Storage, over: Partial<MachineOpening> = {}): Promise<SessionRow> {
  const result = await store.openMachineSession(newOpening(over));
  if (result.kind !== 'opened') throw new Error(`unexpected ${result.kind}, expected a session`);
  return result.session;
}
