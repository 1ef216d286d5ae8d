import { signatures } from '#signatures';
import { claimReader, isTime } from './claims.ts';
import { encodeBase64url, encodeUtf8 } from './encoding.ts';
import { AuthError } from './errors.ts';
import { encodeObject, ownHeader, readPayload, signCompact, splitCompact, verifySignature } from './jws.ts';
import type { SigningKey, VerificationKey } from './keys.ts';

/** The most entries one statement holds. */
export const maxEntries = 10_000;
/** The longest statement a guard looks at, in characters. */
const maxStatementLength = 1_000_000;

/**
 * What a revocation names. A session or key is final: whatever names it is refused. A subject, a client or
 * everything is cut: what started at or before a position is refused.
 */
export type RevocationKind = 'session' | 'key' | 'subject' | 'client' | 'everything';

/** One entry of the feed. */
export interface Revocation {
  readonly kind: RevocationKind;
  /** 128 bits of SHA-256 over issuer, kind and value, base64url: the feed is public and names nobody. */
  readonly name: string;
  /** Of a cut: sessions that started at or before it are refused (µs). Of a final entry: 0. */
  readonly cutAt: number;
  /** When no token that it refuses can live any more, in seconds. */
  readonly until: number;
}

/**
 * What one statement of the feed says: every entry whose position is above `from` and at most `to` (µs).
 *
 * Whatever was said at or below `floor` has run its time. `keys` is {@link keySetHash} of the session keys
 * that are published now.
 */
export interface RevocationStatement {
  readonly iss: string;
  readonly from: number;
  readonly to: number;
  readonly floor: number;
  readonly keys: string;
  readonly entries: readonly Revocation[];
}

declare const verified: unique symbol;

/** A statement of the feed that was verified; only {@link verifyRevocations} makes one. */
export interface VerifiedRevocations extends RevocationStatement {
  readonly [verified]: 'revocations';
}

const letters: Readonly<Record<RevocationKind, string>> = {
  session: 's',
  key: 'k',
  subject: 'u',
  client: 'c',
  everything: 'e',
};
const kinds: ReadonlyMap<unknown, RevocationKind> = new Map(
  (Object.entries(letters) as [RevocationKind, string][]).map(([kind, letter]) => [letter, kind]),
);

/** The name by which the feed of an issuer speaks of a session, subject handle, client or key. */
export async function revocationName(
  issuer: string,
  of: { kind: RevocationKind; value: string },
): Promise<string> {
  const hash = await signatures.sha256(encodeUtf8(JSON.stringify([issuer, of.kind, of.value])));
  return encodeBase64url(hash.subarray(0, 16));
}

/** The hash of a set of published session keys, whatever their order: SHA-256 over their sorted names. */
export async function keySetHash(kids: readonly string[]): Promise<string> {
  return encodeBase64url(await signatures.sha256(encodeUtf8(JSON.stringify([...kids].sort()))));
}

/** The exact header segment of every statement that this feed key signs. */
export function revocationsHeader(key: Pick<VerificationKey, 'kid' | 'jwk'>): string {
  return ownHeader('revocations+jwt', key);
}

/** Signs a statement of the feed. */
export async function signRevocations(statement: RevocationStatement, key: SigningKey): Promise<string> {
  const { iss, from, to, floor, keys } = statement;
  const entries = statement.entries.map(({ kind, name, cutAt, until }) => [
    letters[kind],
    name,
    cutAt,
    until,
  ]);
  const payload = encodeObject({ iss, aud: audienceOf(iss), from, to, floor, keys, entries });
  return signCompact(revocationsHeader(key), payload, key);
}

/**
 * Verifies a statement of the feed: length, exact header, signature over the received bytes, then content.
 *
 * `keys` maps exact header segments to the feed keys of this issuer, which sign nothing else. It does not
 * check how old the statement is, nor whether it follows the last one: a genuine statement is never wrong,
 * only late.
 *
 * @throws AuthError with a `revocations_…` code.
 */
export async function verifyRevocations(
  text: string,
  expected: { keys: ReadonlyMap<string, VerificationKey>; issuer: string },
): Promise<VerifiedRevocations> {
  const parts = splitCompact(text, 'revocations', maxStatementLength);
  const key = expected.keys.get(parts.header);
  if (key === undefined) throw new AuthError('revocations_key_unknown');
  await verifySignature(parts, { kind: 'revocations', key, spelling: 'ours' });
  const payload = readPayload(parts, 'revocations');
  const read = claimReader(payload, 'revocations_claim_invalid');
  const iss = read.text('iss');
  if (iss !== expected.issuer) throw new AuthError('revocations_issuer_unexpected');
  if (read.text('aud') !== audienceOf(iss)) throw new AuthError('revocations_audience_unexpected');
  const [from, to, floor] = [read.seconds('from'), read.seconds('to'), read.seconds('floor')];
  if (from > to) throw new AuthError('revocations_claim_invalid', { detail: { claim: 'from' } });
  const entries = readEntries(payload['entries'], to);
  return { iss, from, to, floor, keys: read.text('keys'), entries } as unknown as VerifiedRevocations;
}

function readEntries(value: unknown, to: number): readonly Revocation[] {
  const listed: readonly unknown[] = Array.isArray(value) && value.length <= maxEntries ? value : [undefined];
  const entries = listed.map((entry) => readEntry(entry, to));
  if (entries.includes(undefined))
    throw new AuthError('revocations_claim_invalid', { detail: { claim: 'entries' } });
  return entries as readonly Revocation[];
}

/** 128 bits have one spelling: the last of 22 characters carries two of them. */
const namePattern = /^[A-Za-z0-9_-]{21}[AQgw]$/;

/** What is final has no time, and nothing is cut that has not started yet. */
function readEntry(value: unknown, to: number): Revocation | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined;
  const [letter, name, cutAt, until] = value as readonly unknown[];
  const kind = kinds.get(letter);
  if (kind === undefined || typeof name !== 'string' || !namePattern.test(name)) return undefined;
  if (!isTime(cutAt) || !isTime(until)) return undefined;
  const isFinal = kind === 'session' || kind === 'key';
  return cutAt > (isFinal ? 0 : to) ? undefined : { kind, name, cutAt, until };
}

/** A text that is the audience of no other kind of statement. */
function audienceOf(issuer: string): string {
  return `${issuer}#revocations`;
}
