import { nameOf } from '../port/actor.ts';
import { UniqueViolation, type Engine, type Statement, type Value } from '../engine.ts';
import type {
  KeyPromotion,
  KeyRevocation,
  KeyRewrapping,
  NewKey,
  PromoteResult,
  RevokeResult,
} from '../port/key-storage.ts';
import { integer, onlyRow, readKey } from './read-rows.ts';
import type { KeyPurpose, KeyRow } from '../port/rows.ts';
import { decideAs } from './acting.ts';
import { statement, telling, type Told } from './decision.ts';
import { recordAudit } from '../sql/audit.ts';
import { holdHead, moveHead } from '../sql/head.ts';
import * as keyEnds from '../sql/key-ends.ts';
import * as signingKeys from '../sql/signing-keys.ts';
import type { Storage } from '../port/storage.ts';

type Keys = Pick<
  Storage,
  'addKey' | 'listKeys' | 'promoteKey' | 'dropExpiredKeys' | 'revokeKey' | 'rewrapKey'
>;

/** Signing keys: next → current → retired → gone, with one current and at most one next by unique index. */
export function createSqlKeys(engine: Engine): Keys {
  return {
    addKey: (key, state) => addKey(engine, key, state),
    async listKeys() {
      return (await engine.read(statement(signingKeys.listKeys))).map(readKey);
    },
    promoteKey: (promotion) => promoteKey(engine, promotion),
    dropExpiredKeys: (drop) => dropExpiredKeys(engine, drop),
    revokeKey: (revocation) => revokeKey(engine, revocation),
    rewrapKey: (rewrapping) => rewrapKey(engine, rewrapping),
  };
}

async function addKey(engine: Engine, key: NewKey, state: 'next' | 'current'): ReturnType<Storage['addKey']> {
  const insert =
    state === 'next'
      ? statement(signingKeys.addNextKey, ...keyValues(key), key.holdableAfter)
      : statement(signingKeys.addCurrentKey, ...keyValues(key));
  try {
    const [rows] = await engine.batch([insert, ...tellKey({ kind: 'key_added', key, fields: { state } })]);
    return { kind: 'added', key: readKey(onlyRow(rows)) };
  } catch (error) {
    if (error instanceof UniqueViolation) return { kind: 'taken' };
    throw error;
  }
}

/** Each key in a transaction of its own: a line of the audit log tells of one. */
async function dropExpiredKeys(
  engine: Engine,
  { purpose, tokenLife }: { purpose: KeyPurpose; tokenLife: number },
): Promise<readonly KeyRow[]> {
  const dropped: KeyRow[] = [];
  for (;;) {
    const [, , , rows] = await engine.batch([
      statement(holdHead),
      statement(keyEnds.auditExpiredKey, purpose, tokenLife),
      statement(recordAudit),
      statement(keyEnds.dropExpiredKey, purpose, tokenLife),
    ]);
    const row = rows?.[0];
    if (!row) return dropped;
    dropped.push(readKey(row));
  }
}

async function promoteKey(engine: Engine, { next, when, by }: KeyPromotion): Promise<PromoteResult> {
  const due: readonly Value[] = [next.purpose, next.alg, when === 'forced' ? 1 : 0];
  const [, , promoted, , rows = []] = await decideAs(engine, by, {
    statements: [
      statement(holdHead),
      statement(signingKeys.retireCurrentIfNextIsDue, ...due),
      statement(signingKeys.promoteNextIfDue, ...due),
      statement(signingKeys.addNextKeyUnlessOne, ...keyValues(next), next.holdableAfter),
      statement(signingKeys.keysOf, next.purpose, next.alg),
      ...tellKey({ kind: 'key_promoted', key: next, fields: { by: nameOf(by), when } }),
    ],
  });
  const keys = rows.map(readKey);
  const following = inState(keys, 'next');
  if (!following) throw new Error('unexpected missing next key, expected one after every promotion');
  if (promoted?.length === 1) return { kind: 'promoted', current: currentOf(keys), next: following };
  if (following.kid === next.kid) return { kind: 'no_next' };
  return { kind: 'not_holdable', holdableFrom: following.holdableFrom };
}

async function revokeKey(engine: Engine, { kid, next, by }: KeyRevocation): Promise<RevokeResult> {
  const which: readonly Value[] = [kid, next.purpose, next.alg];
  const { purpose, alg } = next;
  const told: Told = { kind: 'key_revoked', fields: { by: nameOf(by), kid, purpose, alg } };
  const [moved, , revoked, , , rows = []] = await decideAs(engine, by, {
    statements: [
      statement(moveHead),
      statement(keyEnds.sayKeyRevoked, ...which),
      statement(keyEnds.revokeKey, ...which),
      statement(keyEnds.promoteNextInPlaceOf, ...which),
      statement(signingKeys.addKeyInPlaceOf, ...keyValues(next), next.holdableAfter, kid),
      statement(signingKeys.keysOf, next.purpose, next.alg),
      ...telling(keyEnds.auditIfKeyRevoked, { told, values: [kid] }),
    ],
  });
  if (revoked?.length !== 1) return { kind: 'unknown' };
  const keys = rows.map(readKey);
  const position = integer(onlyRow(moved), 'position');
  return { kind: 'revoked', current: currentOf(keys), next: inState(keys, 'next') ?? null, position };
}

async function rewrapKey(
  engine: Engine,
  { kid, wrappedKey, kekId, instead }: KeyRewrapping,
): ReturnType<Storage['rewrapKey']> {
  const told: Told = { kind: 'key_rewrapped', fields: { kid, kekId } };
  const [, rows] = await engine.batch([
    statement(holdHead),
    statement(signingKeys.rewrapKey, kid, wrappedKey, kekId, instead),
    ...telling(signingKeys.auditIfKeyWrapped, { told, values: [kid, kekId] }),
  ]);
  return { kind: rows?.length === 1 ? 'rewrapped' : 'unchanged' };
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
function tellKey(about: {
  kind: 'key_added' | 'key_promoted';
  key: NewKey;
  fields: Told['fields'];
}): readonly Statement[] {
  const { kid, purpose, alg } = about.key;
  const told: Told = { kind: about.kind, fields: { ...about.fields, kid, purpose, alg } };
  return telling(keyEnds.auditIfKeyStands, { told, values: [kid] });
}
