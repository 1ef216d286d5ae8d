import type { Engine, Statement, Value } from './engine.ts';
import { UniqueViolation } from './engine.ts';
import { onlyRow, readKey } from './read-rows.ts';
import type { KeyRow } from './rows.ts';
import { auditValues, statement, type Told } from './sql-decision.ts';
import * as sql from './sql.ts';
import type { KeyPromotion, KeyRevocation, NewKey, PromoteResult, RevokeResult, Storage } from './storage.ts';

type Keys = Pick<Storage, 'addKey' | 'listKeys' | 'promoteKey' | 'dropExpiredKeys' | 'revokeKey'>;

/** Signing keys: next → current → retired → gone, with one current and at most one next by unique index. */
export function createSqlKeys(engine: Engine): Keys {
  return {
    addKey: (key, state) => addKey(engine, key, state),
    async listKeys() {
      return (await engine.read(statement(sql.listKeys))).map(readKey);
    },
    promoteKey: (promotion) => promoteKey(engine, promotion),
    async dropExpiredKeys({ purpose, tokenLife }) {
      const [, , rows = []] = await engine.batch([
        statement(sql.holdExpiredKeys, purpose, tokenLife),
        statement(sql.auditExpiredKeys, purpose, tokenLife),
        statement(sql.dropExpiredKeys, purpose, tokenLife),
      ]);
      return rows.map(readKey);
    },
    revokeKey: (revocation) => revokeKey(engine, revocation),
  };
}

async function addKey(engine: Engine, key: NewKey, state: 'next' | 'current'): ReturnType<Storage['addKey']> {
  const insert =
    state === 'next'
      ? statement(sql.addNextKey, ...keyValues(key), key.holdableAfter)
      : statement(sql.addCurrentKey, ...keyValues(key));
  try {
    const [rows] = await engine.batch([insert, auditKey({ kind: 'key_added', key, fields: { state } })]);
    return { kind: 'added', key: readKey(onlyRow(rows)) };
  } catch (error) {
    if (error instanceof UniqueViolation) return { kind: 'taken' };
    throw error;
  }
}

async function promoteKey(engine: Engine, { next, when, by }: KeyPromotion): Promise<PromoteResult> {
  const due: readonly Value[] = [next.purpose, next.alg, when === 'forced' ? 1 : 0];
  const [, , promoted, , , rows = []] = await engine.batch([
    statement(sql.holdKeys, next.purpose, next.alg),
    statement(sql.retireCurrentIfNextIsDue, ...due),
    statement(sql.promoteNextIfDue, ...due),
    statement(sql.addNextKeyUnlessOne, ...keyValues(next), next.holdableAfter),
    auditKey({ kind: 'key_promoted', key: next, fields: { by, when } }),
    statement(sql.keysOf, next.purpose, next.alg),
  ]);
  const keys = rows.map(readKey);
  const following = inState(keys, 'next');
  if (!following) throw new Error('unexpected missing next key, expected one after every promotion');
  if (promoted?.length === 1) return { kind: 'promoted', current: currentOf(keys), next: following };
  if (following.kid === next.kid) return { kind: 'no_next' };
  return { kind: 'not_holdable', holdableFrom: following.holdableFrom };
}

async function revokeKey(engine: Engine, { kid, next, by }: KeyRevocation): Promise<RevokeResult> {
  const which: readonly Value[] = [kid, next.purpose, next.alg];
  const told: Told = { kind: 'key_revoked', fields: { by, kid, purpose: next.purpose, alg: next.alg } };
  const [, , , revoked, , , rows = []] = await engine.batch([
    statement(sql.holdKeys, next.purpose, next.alg),
    statement(sql.moveHeadIfKeyStands, ...which),
    statement(sql.auditIfKeyIsRevoked, ...auditValues(told), ...which),
    statement(sql.revokeKey, ...which),
    statement(sql.promoteNextInPlaceOf, ...which),
    statement(sql.addKeyInPlaceOf, ...keyValues(next), next.holdableAfter, kid),
    statement(sql.keysOf, next.purpose, next.alg),
  ]);
  if (revoked?.length !== 1) return { kind: 'unknown' };
  const keys = rows.map(readKey);
  return { kind: 'revoked', current: currentOf(keys), next: inState(keys, 'next') ?? null };
}

function currentOf(keys: readonly KeyRow[]): KeyRow {
  const current = inState(keys, 'current');
  if (!current) throw new Error('unexpected missing current key, expected one after every change of keys');
  return current;
}

const inState = (keys: readonly KeyRow[], state: KeyRow['state']) => keys.find((key) => key.state === state);

function keyValues({ kid, purpose, alg, publicJwk, wrappedKey, kekId }: NewKey): readonly Value[] {
  return [kid, purpose, alg, JSON.stringify(publicJwk), wrappedKey, kekId];
}

/** Told only if the key given came in. */
function auditKey(told: {
  kind: 'key_added' | 'key_promoted';
  key: NewKey;
  fields: Told['fields'];
}): Statement {
  const { kid, purpose, alg } = told.key;
  const values = auditValues({ kind: told.kind, fields: { ...told.fields, kid, purpose, alg } });
  return statement(sql.auditIfKeyStands, ...values, kid);
}
