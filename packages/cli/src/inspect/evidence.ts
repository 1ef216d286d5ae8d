import { existsSync, readFileSync } from 'node:fs';
import type { KeyRow, ListedSession, Storage } from '@symbolon/issuer';
import { importPublicKey, readKeySet, type VerificationKey } from '@symbolon/token';
import { findDataFolder } from '../data-folder.ts';
import { hasStore, openStore } from '../open-store.ts';
import { fetchKeySet } from './fetched-keys.ts';

/** What a statement is held against. */
export interface Evidence {
  /** Where it comes from, for people. */
  readonly from: string;
  /** The issuer that is expected; undefined if nobody has said. */
  readonly issuer: string | undefined;
  readonly sessionKeys: readonly VerificationKey[];
  readonly refreshKeys: readonly VerificationKey[];
  readonly clientKeys: (clientId: string) => Promise<readonly VerificationKey[]>;
  readonly findSession: (sid: string) => Promise<ListedSession | null>;
}

/** Where the evidence is to come from. */
export interface EvidenceOptions {
  readonly data?: string;
  readonly issuer?: string;
  readonly jwks?: string;
  /** Whom the statement says it is by. */
  readonly statedIssuer: string | undefined;
}

/**
 * Gathers what a statement is held against, and answers why where there is nothing.
 *
 * A key set in a file, the published one of an issuer, or the store in the data folder; only the key set is ever
 * fetched, and never from a URL that the statement names.
 */
export async function withEvidence<T>(
  options: EvidenceOptions,
  use: (evidence: Evidence | { missing: string }) => Promise<T>,
): Promise<T> {
  if (options.jwks !== undefined) return use(await fromFile(options.jwks, options.issuer));
  if (options.issuer !== undefined) return use(await fromIssuer(options.issuer));
  return fromStore(options, use);
}

const nothing = { refreshKeys: [], findSession: () => Promise.resolve(null) };

async function fromFile(path: string, issuer: string | undefined): Promise<Evidence> {
  if (!existsSync(path)) throw new TypeError(`there is no key set file ${path}`);
  const keySet = parseKeySet(path);
  const sessionKeys = await readKeySet(keySet).catch(() => []);
  const all = await anyKeys(keySet);
  return { ...nothing, from: path, issuer, sessionKeys, clientKeys: () => Promise.resolve(all) };
}

function parseKeySet(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // What the parser says would quote the file, and it may hold a private key.
    throw new TypeError(`${path} is not JSON, expected a key set`);
  }
}

async function fromIssuer(issuer: string): Promise<Evidence> {
  const sessionKeys = await fetchKeySet(issuer);
  return {
    ...nothing,
    from: `the key set of ${issuer}`,
    issuer,
    sessionKeys,
    clientKeys: () => Promise.resolve([]),
  };
}

async function fromStore<T>(
  options: EvidenceOptions,
  use: (evidence: Evidence | { missing: string }) => Promise<T>,
): Promise<T> {
  const folder = findDataFolder(options.data);
  const { settings } = folder;
  const issuer = settings?.issuer;
  const { statedIssuer } = options;
  if (settings === undefined || issuer === undefined || !hasStore({ ...folder, settings })) {
    return use({ missing: `no issuer in ${folder.path}: give --issuer URL, --jwks FILE or --data DIR` });
  }
  // Whoever names the folder wants it to be the measure; one that happens to lie here is none for another's statement.
  if (options.data === undefined && statedIssuer !== undefined && statedIssuer !== issuer) {
    return use({
      missing: `${folder.path} is of ${issuer}: give --issuer URL or --jwks FILE for another one`,
    });
  }
  const storage = await openStore({ ...folder, settings });
  try {
    return await use(await storeEvidence(storage, { from: `the store in ${folder.path}`, issuer }));
  } finally {
    await storage.close();
  }
}

async function storeEvidence(
  storage: Storage,
  { from, issuer }: { from: string; issuer: string },
): Promise<Evidence> {
  const rows = await storage.listKeys();
  const keysFor = (purpose: KeyRow['purpose']): Promise<VerificationKey[]> =>
    Promise.all(rows.filter((row) => row.purpose === purpose).map((row) => importPublicKey(row.publicJwk)));
  return {
    from,
    issuer,
    sessionKeys: await keysFor('session'),
    refreshKeys: await keysFor('refresh'),
    clientKeys: async (id) => {
      const client = await storage.findClient(id);
      return Promise.all((client?.keys ?? []).map((jwk) => importPublicKey(jwk)));
    },
    findSession: (sid) => storage.findSession(sid),
  };
}

/** The sound public keys of a key set or of one JWK, whatever they are for. */
async function anyKeys(value: unknown): Promise<readonly VerificationKey[]> {
  const listed = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : [value];
  const keys = await Promise.all(
    (Array.isArray(listed) ? listed : []).map((jwk) => importPublicKey(jwk).catch(() => undefined)),
  );
  return keys.filter((key) => key !== undefined);
}
