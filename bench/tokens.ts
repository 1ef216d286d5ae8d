import { createPublicKey, randomBytes } from 'node:crypto';
import {
  generatePrivateJwk,
  importSigningKey,
  signSessionToken,
  type AlgorithmName,
  type PublicJwk,
  type SessionTokenClaims,
} from '@symbolon/token';

export const issuer = 'https://id.example.com';
export const audience = 'https://api.example.com';

/** Tokens of one key, and the key in the spellings that the libraries want. */
export interface TokenSet {
  readonly tokens: readonly string[];
  readonly jwk: PublicJwk;
  readonly kid: string;
  readonly pem: string;
}

/** Makes session tokens of the profile: each with ids of its own, all valid for the next hour. */
export async function makeTokens(options: {
  alg: AlgorithmName;
  count: number;
  carrier: (index: number) => { cnf: { jkt: string } } | { crr: 'bearer' };
}): Promise<TokenSet> {
  const key = await importSigningKey(await generatePrivateJwk(options.alg));
  const tokens: string[] = [];
  for (let made = 0; made < options.count; made++) {
    tokens.push(await signSessionToken({ ...claims(), ...options.carrier(made) }, key));
  }
  const pem = createPublicKey({ key: { ...key.jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return { tokens, jwk: key.jwk, kid: key.kid, pem: pem.toString() };
}

/** The claims of a person's session: what an issuer of ours puts into a token, of the usual length. */
function claims(): Omit<SessionTokenClaims, 'cnf' | 'crr'> {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    sub: id(),
    aud: audience,
    client_id: 'web-shop',
    iat: now,
    exp: now + 3600,
    jti: id(),
    sid: id(),
    sst: (now - 60) * 1_000_000,
    sh: id(),
    auth_time: now - 60,
    amr: ['hwk', 'user'],
    scope: 'orders:read orders:write',
  };
}

function id(): string {
  return randomBytes(16).toString('base64url');
}
