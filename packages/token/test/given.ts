/** What the tests of this package are given: real keys, valid statements, and a way to forge others. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import {
  AuthError,
  encodeBase64url,
  generatePrivateJwk,
  headerTable,
  importPublicKey,
  importSigningKey,
  sessionTokenHeader,
  signSessionToken,
  verifySessionToken,
  type AlgorithmName,
  type AuthErrorCode,
  type HeaderTable,
  type SessionTokenClaims,
  type SigningKey,
  type VerificationKey,
  type VerifiedSessionToken,
} from '../src/index.ts';
import { signBytes } from '../src/keys.ts';

/** Seconds; every test has this clock. */
export const now = 1_790_000_000;
export const issuer = 'https://issuer.example';
export const audience = 'https://api.example';
export const clientId = 'machine-1';
export const algorithmNames = ['EdDSA', 'ES256', 'ML-DSA-44'] as const;

/** Somebody with a key. */
export interface Party {
  readonly signing: SigningKey;
  readonly key: VerificationKey;
}

export async function party(alg: AlgorithmName = 'EdDSA'): Promise<Party> {
  const signing = await importSigningKey(await generatePrivateJwk(alg));
  return { signing, key: await importPublicKey(signing.jwk) };
}

/** Sound claims for a token that is bound to a key. */
export function soundClaims(thumbprint: string): SessionTokenClaims {
  return {
    iss: issuer,
    sub: 'sub-1',
    aud: audience,
    client_id: clientId,
    iat: now,
    exp: now + 300,
    jti: 'jtijtijtijtijtijtijtiQ',
    sid: 'sidsidsidsidsidsidsidA',
    sst: now * 1_000_000,
    sh: 'shshshshshshshshshshsg',
    scope: 'orders:read orders:write',
    cnf: { jkt: thumbprint },
  };
}

/** An issuer with one key, its table, a holder, and a token that is accepted. */
export interface Scene {
  readonly office: Party;
  readonly holder: Party;
  readonly keys: HeaderTable;
  readonly header: string;
  readonly claims: SessionTokenClaims;
  readonly token: string;
  readonly verify: (text: string) => Promise<VerifiedSessionToken>;
  /** A token with other claims, signed as the issuer would, whatever they are. */
  readonly minted: (changes: Record<string, unknown>) => Promise<string>;
}

export async function scene(alg: AlgorithmName = 'EdDSA'): Promise<Scene> {
  const [office, holder] = await Promise.all([party(alg), party('ES256')]);
  const keys = headerTable(new Map([[issuer, [office.key]]]));
  const claims = soundClaims(holder.key.kid);
  const header = sessionTokenHeader(office.key);
  return {
    office,
    holder,
    keys,
    header,
    claims,
    token: await signSessionToken(claims, office.signing),
    verify: (text) => verifySessionToken(text, { keys, issuer, audience, now }),
    minted: (changes) => forge(header, { ...claims, ...changes }, office.signing),
  };
}

/** One segment: bytes or text as they are, anything else as JSON. */
export function segment(value: unknown): string {
  if (value instanceof Uint8Array) return encodeBase64url(value);
  return encodeBase64url(new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)));
}

/** Signs any payload under any header segment: what a careless or hostile signer could make. */
export async function forge(header: string, payload: unknown, key: SigningKey): Promise<string> {
  return signedText(`${header}.${segment(payload)}`, key);
}

export async function signedText(signed: string, key: SigningKey): Promise<string> {
  return `${signed}.${encodeBase64url(await signBytes(key, new TextEncoder().encode(signed)))}`;
}

/** Runs an attempt that must be refused: by this code, in an error that holds nothing of what was sent. */
export async function refused(
  code: AuthErrorCode,
  sent: string,
  attempt: (text: string) => Promise<unknown>,
): Promise<AuthError> {
  const error = await attempt(sent).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(
    error instanceof AuthError,
    `expected ${code}, got ${error === undefined ? 'acceptance' : inspect(error)}`,
  );
  assert.equal(error.code, code);
  const shown = inspect(error, { depth: Infinity, showHidden: true });
  for (const part of sent.split('.').filter((text) => text.length >= 16)) {
    assert.ok(!shown.includes(part), `${code} shows a part of what was sent`);
  }
  return error;
}

/** Reads a file of `../shared/vectors`, beside the repository, or says loudly that it is not there. */
export function sharedVectors(name: string): { readonly skip: string } | { readonly value: unknown } {
  const path = fileURLToPath(new URL(`../../../../shared/vectors/${name}`, import.meta.url));
  if (existsSync(path)) return { value: JSON.parse(readFileSync(path, 'utf8')) as unknown };
  const skip = `SKIPPED: ../shared/vectors/${name} is not beside the repository`;
  console.error(skip);
  return { skip };
}
