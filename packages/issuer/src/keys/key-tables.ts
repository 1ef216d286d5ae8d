import {
  idTokenHeader,
  importPublicKey,
  maxTokenLife,
  publishedJwk,
  refreshTokenHeader,
  sessionTokenHeader,
  type HeaderTable,
  type PublishedJwk,
  type VerificationKey,
} from '@symbolon/token';
import type { KeyPurpose, KeyRow } from '../storage/port/rows.ts';

/** The keys as those who verify need them. */
export interface KeyTables {
  readonly rows: readonly KeyRow[];
  readonly published: readonly PublishedJwk[];
  /** The keys of ID tokens, as linked applications read them. */
  readonly publishedIdentity: readonly PublishedJwk[];
  readonly session: HeaderTable;
  readonly refresh: ReadonlyMap<string, VerificationKey>;
  readonly feed: readonly VerificationKey[];
  readonly feedSigner: string;
  readonly identity: ReadonlyMap<string, VerificationKey>;
  readonly identitySigner: string;
}

/** Imports the public halves of all keys that are not gone. `now` in µs. */
export async function makeKeyTables(
  issuer: string,
  { rows, now }: { rows: readonly KeyRow[]; now: number },
): Promise<KeyTables> {
  const keysFor = (purpose: KeyPurpose): Promise<VerificationKey[]> =>
    Promise.all(rows.filter((row) => row.purpose === purpose).map((row) => importPublicKey(row.publicJwk)));
  const [session, refresh, feed, identity] = await Promise.all([
    keysFor('session'),
    keysFor('refresh'),
    keysFor('feed'),
    keysFor('identity'),
  ]);
  const currentFor = (purpose: KeyPurpose): string =>
    rows.find((row) => row.purpose === purpose && row.state === 'current')?.kid ?? '';
  const issuers = new Set([issuer]);
  // Applications read an ID token while it is good; when it comes back later, only the issuer does.
  const isReadElsewhere = (row: KeyRow | undefined): boolean =>
    row?.retiredAt == null || row.retiredAt + maxTokenLife * 1_000_000 > now;
  return {
    rows,
    published: session.map((key) => publishedJwk(key, 'session')),
    session: new Map(session.map((key) => [sessionTokenHeader(key), { key, issuers }])),
    refresh: new Map(refresh.map((key) => [refreshTokenHeader(key), key])),
    publishedIdentity: identity
      .filter(({ kid }) => isReadElsewhere(rows.find((row) => row.kid === kid)))
      .map((key) => publishedJwk(key, 'identity')),
    feed,
    feedSigner: currentFor('feed'),
    identity: new Map(identity.map((key) => [idTokenHeader(key), key])),
    identitySigner: currentFor('identity'),
  };
}
