import type { AlgorithmName, HeaderTable, PublishedJwk, SigningKey, VerificationKey } from '@symbolon/token';
import { createCustody, dropIfRefused, isExternal, type Custody } from './key-custody.ts';
import { createRotation, type Rotate, type RotateResult } from './key-rotation.ts';
import { makeKeyTables } from './key-tables.ts';
import type { Signers } from './signer.ts';
import type { Actor } from '../storage/port/actor.ts';
import type { NewKey, RevokeResult } from '../storage/port/key-storage.ts';
import type { KeyPurpose, KeyRow } from '../storage/port/rows.ts';
import type { Storage } from '../storage/port/storage.ts';
import type { Keyring } from './wrapping.ts';

/** The algorithm of refresh tokens: only this issuer reads them. */
export const refreshAlg: AlgorithmName = 'EdDSA';

/** The algorithm of the feed's statements: one text for each. */
const feedAlg: AlgorithmName = 'EdDSA';

/** The algorithm of ID and logout tokens. */
export const identityAlg: AlgorithmName = 'EdDSA';

/** How long, in µs, a key stays and a set may be cached. */
export interface KeyTimes {
  /** How long guards may go without looking at the key set again. */
  readonly keySetMaxAge: number;
  /** How long a current key signs. */
  readonly rotation: number;
  /** The longest life of what a key of each purpose has ever signed. */
  readonly tokenLife: Readonly<Record<KeyPurpose, number>>;
}

/** The issuer's signing keys: next → current → retired → gone. */
export interface SigningKeys {
  /** The key with which a deciding statement said to sign. */
  readonly signer: (kid: string) => Promise<SigningKey>;
  /** The published session keys: next, current and retired ones. */
  readonly published: () => Promise<readonly PublishedJwk[]>;
  /** The published keys of ID tokens. */
  readonly publishedIdentity: () => Promise<readonly PublishedJwk[]>;
  /** The key that signs ID tokens now. */
  readonly identitySigner: () => Promise<SigningKey>;
  /** The identity keys by exact header. */
  readonly identityTable: () => Promise<ReadonlyMap<string, VerificationKey>>;
  /** The key that signs statements of the feed now. */
  readonly feedSigner: () => Promise<SigningKey>;
  /** The published feed keys. */
  readonly feedKeys: () => Promise<readonly VerificationKey[]>;
  /** The refresh keys by exact header. */
  readonly refreshTable: () => Promise<ReadonlyMap<string, VerificationKey>>;
  /** The session keys by exact header, as a guard would hold them. */
  readonly sessionTable: () => Promise<HeaderTable>;
  readonly list: () => Promise<readonly KeyRow[]>;
  /** Promotes the next key of a purpose and algorithm, as soon as guards hold it. */
  readonly rotate: Rotate;
  /** Makes a key gone at once: the next one signs, and the feed tells every guard. */
  readonly revoke: (kid: string, by: Actor) => Promise<RevokeResult>;
  /** Brings every wrapped key under the first entry of the key file; answers their names. */
  readonly rewrap: () => Promise<{ readonly rewrapped: readonly string[] }>;
  /**
   * What time demands: rotation when it is due, retired keys dropped once all they signed has expired. Answers
   * what became of the rotations that were due.
   */
  readonly maintain: () => Promise<readonly RotateResult[]>;
  /** Keys that somebody made gone: forgets them, and all that was read before. */
  readonly forget: (kids: readonly string[]) => void;
}

/** How long a process answers from what it last read of the keys, in ms. */
const freshFor = 1000;
const oneMinute = 60_000_000;

/**
 * Opens the issuer's signing keys and makes the missing ones: a current and a next key for each purpose and
 * algorithm. A next key is published from the moment it exists.
 */
export async function openSigningKeys(options: {
  issuer: string;
  storage: Storage;
  keyring: Keyring;
  signers: Signers;
  algorithms: readonly AlgorithmName[];
  /** Whether ID tokens are signed here. */
  identity: boolean;
  times: KeyTimes;
  clock: () => number;
  report: (fault: { path: string; error: unknown }) => void;
}): Promise<SigningKeys> {
  const { issuer, storage, keyring, times } = options;
  const custody = createCustody(options);
  const signers = new Map<string, Promise<SigningKey>>();
  const load = async () =>
    makeKeyTables(issuer, { rows: await storage.listKeys(), now: options.clock() * 1000 });
  const tables = cached(load, options.clock);
  const draft = (purpose: KeyPurpose, alg: string): Promise<NewKey> =>
    custody.draft({
      purpose,
      alg: alg as AlgorithmName,
      holdableAfter: 2 * times.keySetMaxAge + oneMinute,
    });

  const open = async (kid: string): Promise<SigningKey> => {
    const row = (await storage.listKeys()).find((key) => key.kid === kid);
    if (row === undefined) throw new Error(`the signing key ${kid} is gone`);
    return custody.open(row);
  };
  const signer = (kid: string): Promise<SigningKey> => {
    const known = signers.get(kid);
    if (known !== undefined) return known;
    const opening = open(kid);
    signers.set(kid, opening);
    opening.catch(() => signers.delete(kid));
    return opening;
  };
  const forget: SigningKeys['forget'] = (kids) => {
    if (kids.length === 0) return;
    for (const kid of kids) signers.delete(kid);
    tables.forget();
  };

  const rotateNow = createRotation({ storage, custody, draft });
  const rotate: Rotate = async (which) => {
    const result = await rotateNow(which);
    tables.forget();
    return result;
  };
  const revoke: SigningKeys['revoke'] = async (kid, by) => {
    const row = (await storage.listKeys()).find((key) => key.kid === kid);
    if (row === undefined) return { kind: 'unknown' };
    const next = await draft(row.purpose, row.alg);
    const revoked = await storage.revokeKey({ kid, next, by }).catch(dropIfRefused(custody, next));
    forget([kid]);
    const used = revoked.kind === 'revoked' && [revoked.current.kid, revoked.next?.kid].includes(next.kid);
    if (!used) await custody.destroy(next);
    if (revoked.kind === 'revoked') await custody.destroy(row);
    return revoked;
  };

  await makeMissing(options, { draft, custody });
  // Starts with every key open: a store whose key file is wrong must stop the start, not the first request.
  for (const row of await storage.listKeys())
    if (row.state === 'current' || row.state === 'next') await signer(row.kid);
  return {
    signer,
    published: async () => (await tables.read()).published,
    publishedIdentity: async () => (await tables.read()).publishedIdentity,
    identitySigner: async () => signer((await tables.read()).identitySigner),
    identityTable: async () => (await tables.read()).identity,
    feedSigner: async () => signer((await tables.read()).feedSigner),
    feedKeys: async () => (await tables.read()).feed,
    refreshTable: async () => (await tables.read()).refresh,
    sessionTable: async () => (await tables.read()).session,
    list: async () => (await tables.read()).rows,
    rotate,
    revoke,
    rewrap: () => rewrapAll(storage, keyring),
    maintain: () => maintain({ storage, times, custody, rotate }),
    forget,
  };
}

async function makeMissing(
  options: { storage: Storage; algorithms: readonly AlgorithmName[]; identity: boolean },
  make: { draft: (purpose: KeyPurpose, alg: string) => Promise<NewKey>; custody: Custody },
): Promise<void> {
  const { storage } = options;
  const rows = await storage.listKeys();
  const add = async (key: NewKey, state: 'current' | 'next'): Promise<void> => {
    const added = await storage.addKey(key, state);
    if (added.kind === 'taken') await make.custody.destroy(key);
  };
  for (const [purpose, alg] of neededKeys(options)) {
    const states = rows.filter((row) => row.purpose === purpose && row.alg === alg).map((row) => row.state);
    if (!states.includes('current')) await add(await make.draft(purpose, alg), 'current');
    // Published together with the first key, so whoever has ever read the set holds it: it need not wait.
    const wait = states.length === 0 ? { holdableAfter: 0 } : {};
    if (!states.includes('next')) await add({ ...(await make.draft(purpose, alg)), ...wait }, 'next');
  }
}

/** The purposes and algorithms for which there must be a current and a next key. */
export function neededKeys(of: {
  algorithms: readonly AlgorithmName[];
  identity: boolean;
}): readonly (readonly [KeyPurpose, string])[] {
  return [
    ...[...new Set(of.algorithms)].map((alg) => ['session', alg] as const),
    ['refresh', refreshAlg],
    ['feed', feedAlg],
    ...(of.identity ? [['identity', identityAlg] as const] : []),
  ];
}

async function rewrapAll(storage: Storage, keyring: Keyring): ReturnType<SigningKeys['rewrap']> {
  const rewrapped: string[] = [];
  for (const row of await storage.listKeys()) {
    const { kid, wrappedKey, kekId } = row;
    if (wrappedKey === null || isExternal(row) || kekId === keyring.currentId) continue;
    const anew = keyring.wrap(keyring.unwrap(wrappedKey, row), row);
    await storage.rewrapKey({ kid, wrappedKey: anew, kekId: keyring.currentId, instead: kekId });
    rewrapped.push(kid);
  }
  return { rewrapped };
}

async function maintain(what: {
  storage: Storage;
  times: KeyTimes;
  custody: Custody;
  rotate: Rotate;
}): Promise<readonly RotateResult[]> {
  const { storage, times, custody, rotate } = what;
  const now = await storage.now();
  const rows = await storage.listKeys();
  const results: RotateResult[] = [];
  for (const { state, currentAt, purpose, alg } of rows) {
    const due = state === 'current' && currentAt !== null && now - currentAt >= times.rotation;
    if (due) results.push(await rotate({ purpose, alg, by: 'schedule' }));
  }
  for (const [purpose, tokenLife] of Object.entries(times.tokenLife)) {
    const dropped = await storage.dropExpiredKeys({ purpose: purpose as KeyPurpose, tokenLife });
    // What the signer calls it is erased from the row with the rest.
    for (const { kid } of dropped) for (const row of rows) if (row.kid === kid) await custody.destroy(row);
  }
  return results;
}

/** Keeps the last answer for a second; callers at the same moment share one read. */
function cached<T>(
  load: () => Promise<T>,
  clock: () => number,
): { read: () => Promise<T>; forget: () => void } {
  let kept: { answer: Promise<T>; at: number } | undefined;
  return {
    read: () => {
      const now = clock();
      if (kept !== undefined && Math.abs(now - kept.at) < freshFor) return kept.answer;
      const loading = { answer: load(), at: now };
      kept = loading;
      loading.answer.catch(() => {
        if (kept === loading) kept = undefined;
      });
      return loading.answer;
    },
    forget: () => (kept = undefined),
  };
}
