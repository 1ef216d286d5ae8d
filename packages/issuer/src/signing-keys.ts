import {
  generatePrivateJwk,
  importPublicKey,
  importSigningKey,
  publishedJwk,
  refreshTokenHeader,
  sessionTokenHeader,
  type AlgorithmName,
  type HeaderTable,
  type PublishedJwk,
  type SigningKey,
  type VerificationKey,
} from '@symbolon/token';
import type { KeyPurpose, KeyRow } from './storage/rows.ts';
import type { NewKey, PromoteResult, RevokeResult, Storage } from './storage/storage.ts';
import type { Keyring } from './wrapping.ts';

/** The algorithm of refresh tokens: only this issuer reads them. */
export const refreshAlg: AlgorithmName = 'EdDSA';

/** The algorithm of the feed's statements: one text for each. */
export const feedAlg: AlgorithmName = 'EdDSA';

/** How long, in µs, a key stays and a set may be cached. */
export interface KeyTimes {
  /** How long guards may go without looking at the key set again. */
  readonly keySetMaxAge: number;
  /** How long a current key signs. */
  readonly rotation: number;
  /** The longest life of what a key of each purpose signs. */
  readonly tokenLife: Readonly<Record<KeyPurpose, number>>;
}

/** The issuer's signing keys: next → current → retired → gone. */
export interface SigningKeys {
  /** The key with which a deciding statement said to sign. */
  readonly signer: (kid: string) => Promise<SigningKey>;
  /** The published session keys: next, current and retired ones. */
  readonly published: () => Promise<readonly PublishedJwk[]>;
  /** The key that signs statements of the feed now. */
  readonly feedSigner: () => Promise<SigningKey>;
  /** The published feed keys. */
  readonly feedKeys: () => Promise<readonly VerificationKey[]>;
  /** The refresh keys by exact header. */
  readonly refreshTable: () => Promise<ReadonlyMap<string, VerificationKey>>;
  /** The session keys by exact header, as a guard would hold them. */
  readonly sessionTable: () => Promise<HeaderTable>;
  readonly list: () => Promise<readonly KeyRow[]>;
  /** Promotes the next key of a purpose and algorithm, as soon as guards can be expected to hold it. */
  readonly rotate: (which: { purpose: KeyPurpose; alg: string; by: string }) => Promise<PromoteResult>;
  /** Makes a key gone at once. */
  readonly revoke: (kid: string, by: string) => Promise<RevokeResult>;
  /** What time demands: rotation when it is due, retired keys dropped once all they signed has expired. */
  readonly maintain: () => Promise<void>;
}

/** How long a process answers from what it last read of the keys, in ms. */
const freshFor = 1000;

/**
 * Opens the issuer's signing keys and makes the missing ones: a current and a next key for each purpose and
 * algorithm. A next key is published from the moment it exists.
 */
export async function openSigningKeys(options: {
  issuer: string;
  storage: Storage;
  keyring: Keyring;
  algorithms: readonly AlgorithmName[];
  times: KeyTimes;
  clock: () => number;
}): Promise<SigningKeys> {
  const { storage, keyring, times } = options;
  const signers = new Map<string, Promise<SigningKey>>();
  const read = cached(() => storage.listKeys(), options.clock);
  const tables = cached(() => makeTables(options.issuer, storage), options.clock);
  const draft = (purpose: KeyPurpose, alg: string): Promise<NewKey> =>
    draftKey(keyring, {
      purpose,
      alg: alg as AlgorithmName,
      holdableAfter: 2 * times.keySetMaxAge + 60_000_000,
    });

  const open = async (kid: string): Promise<SigningKey> => {
    const row = (await storage.listKeys()).find((key) => key.kid === kid);
    if (row?.wrappedKey == null) throw new Error(`the signing key ${kid} is gone`);
    return importSigningKey(JSON.parse(keyring.unwrap(row.wrappedKey, { ...row, kid })));
  };
  const signer = (kid: string): Promise<SigningKey> => {
    const known = signers.get(kid);
    if (known !== undefined) return known;
    const opening = open(kid);
    signers.set(kid, opening);
    opening.catch(() => signers.delete(kid));
    return opening;
  };
  const rotate: SigningKeys['rotate'] = async ({ purpose, alg, by }) =>
    storage.promoteKey({ next: await draft(purpose, alg), when: 'holdable', by });

  await makeMissing(options, draft);
  await openAll(await storage.listKeys(), signer);
  return {
    signer,
    published: async () => (await tables()).published,
    feedSigner: async () => signer((await tables()).feedSigner),
    feedKeys: async () => (await tables()).feed,
    refreshTable: async () => (await tables()).refresh,
    sessionTable: async () => (await tables()).session,
    list: read,
    rotate,
    revoke: async (kid, by) => {
      const row = (await storage.listKeys()).find((key) => key.kid === kid);
      if (row === undefined) return { kind: 'unknown' };
      const revoked = await storage.revokeKey({ kid, next: await draft(row.purpose, row.alg), by });
      signers.delete(kid);
      return revoked;
    },
    maintain: () => maintain(storage, times, rotate),
  };
}

/** Starts with every key open: a store whose key file is wrong must stop the start, not the first request. */
async function openAll(rows: readonly KeyRow[], signer: SigningKeys['signer']): Promise<void> {
  for (const row of rows) if (row.state === 'current' || row.state === 'next') await signer(row.kid);
}

async function makeMissing(
  options: { storage: Storage; algorithms: readonly AlgorithmName[] },
  draft: (purpose: KeyPurpose, alg: string) => Promise<NewKey>,
): Promise<void> {
  const wanted: [KeyPurpose, string][] = [
    ...[...new Set(options.algorithms)].map((alg): [KeyPurpose, string] => ['session', alg]),
    ['refresh', refreshAlg],
    ['feed', feedAlg],
  ];
  const rows = await options.storage.listKeys();
  for (const [purpose, alg] of wanted) {
    const states = rows.filter((row) => row.purpose === purpose && row.alg === alg).map((row) => row.state);
    if (!states.includes('current')) await options.storage.addKey(await draft(purpose, alg), 'current');
    // Published together with the first key, so whoever has ever read the set holds it: it need not wait.
    const wait = states.length === 0 ? { holdableAfter: 0 } : {};
    if (!states.includes('next'))
      await options.storage.addKey({ ...(await draft(purpose, alg)), ...wait }, 'next');
  }
}

async function draftKey(
  keyring: Keyring,
  wanted: { purpose: KeyPurpose; alg: AlgorithmName; holdableAfter: number },
): Promise<NewKey> {
  const jwk = await generatePrivateJwk(wanted.alg);
  const { kid, jwk: publicJwk } = await importSigningKey(jwk);
  const wrappedKey = keyring.wrap(JSON.stringify(jwk), { ...wanted, kid });
  return { ...wanted, kid, publicJwk: { ...publicJwk }, wrappedKey, kekId: keyring.currentId };
}

interface KeyTables {
  readonly published: readonly PublishedJwk[];
  readonly session: HeaderTable;
  readonly refresh: ReadonlyMap<string, VerificationKey>;
  readonly feed: readonly VerificationKey[];
  readonly feedSigner: string;
}

async function makeTables(issuer: string, storage: Storage): Promise<KeyTables> {
  const rows = (await storage.listKeys()).filter((row) => row.state !== 'gone');
  const keysFor = (purpose: KeyPurpose): Promise<VerificationKey[]> =>
    Promise.all(rows.filter((row) => row.purpose === purpose).map((row) => importPublicKey(row.publicJwk)));
  const [session, refresh, feed] = await Promise.all([
    keysFor('session'),
    keysFor('refresh'),
    keysFor('feed'),
  ]);
  const feedSigner = rows.find((row) => row.purpose === 'feed' && row.state === 'current')?.kid ?? '';
  const issuers = new Set([issuer]);
  return {
    published: session.map((key) => publishedJwk(key, 'session')),
    session: new Map(session.map((key) => [sessionTokenHeader(key), { key, issuers }])),
    refresh: new Map(refresh.map((key) => [refreshTokenHeader(key), key])),
    feed,
    feedSigner,
  };
}

async function maintain(storage: Storage, times: KeyTimes, rotate: SigningKeys['rotate']): Promise<void> {
  const now = await storage.now();
  for (const row of await storage.listKeys()) {
    const due = row.state === 'current' && row.currentAt !== null && now - row.currentAt >= times.rotation;
    if (due) await rotate({ purpose: row.purpose, alg: row.alg, by: 'schedule' });
  }
  for (const [purpose, tokenLife] of Object.entries(times.tokenLife)) {
    await storage.dropExpiredKeys({ purpose: purpose as KeyPurpose, tokenLife });
  }
}

/** Keeps the last answer for a second; callers at the same moment share one read. */
function cached<T>(load: () => Promise<T>, clock: () => number): () => Promise<T> {
  let kept: { answer: Promise<T>; at: number } | undefined;
  return () => {
    const now = clock();
    if (kept !== undefined && Math.abs(now - kept.at) < freshFor) return kept.answer;
    const answer = load();
    kept = { answer, at: now };
    answer.catch(() => (kept = undefined));
    return answer;
  };
}
