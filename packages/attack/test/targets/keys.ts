import {
  createHmac,
  createPublicKey,
  createVerify,
  verify,
  X509Certificate,
  type JsonWebKey,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EmbeddedJWK, jwtVerify } from 'jose';
import type { JsonObject } from '../../src/json.ts';
import type { House } from './house.ts';
import { bearerOf, hasHonestClaims, hasStrictText, opened } from './strict.ts';
import { openWeak } from './strong.ts';
import type { Seen, Target } from './target.ts';

/** Whether a token is genuine, in the eyes of a verifier that gets its key wrong. */
type IsGenuine = (token: string, at: { house: House; header: JsonObject }) => Promise<boolean> | boolean;

/** Servers that let the attacker choose key or algorithm. */
export const keysTargets: readonly Target[] = [
  confused('hmac-with-pem', 'one verify(token, publicKey) for all algorithms: the header chooses', {
    finds: ['keys/hs256-with-spki-pem', 'keys/hs384-with-spki-pem', 'keys/hs512-with-spki-pem'],
    secret: ({ pem }) => pem,
  }),
  confused(
    'hmac-with-pem-after-newline',
    'PEM keys are refused as secrets by a pattern, and the file starts with an empty line',
    {
      finds: ['keys/hs256-with-spki-pem-after-newline'],
      secret: ({ pem }) => (isPem(`\n${pem}`) ? undefined : `\n${pem}`),
    },
  ),
  confused('hmac-with-jwk-text', 'the key is stored as the text of its JWK, and used as it stands', {
    finds: ['keys/hs256-with-jwk-as-published', 'keys/hs384-', 'keys/hs512-'],
    secret: ({ jwk }) => JSON.stringify(jwk),
  }),
  confused(
    'hmac-with-key-set-text',
    'the answer of the key set URL is cached as text, and handed to the library',
    {
      finds: ['keys/hs256-with-key-set'],
      secret: ({ jwk }) => JSON.stringify({ keys: [jwk] }),
    },
  ),
  confused('hmac-with-der', 'the key is decoded to DER first, so that no guard against PEM sees it', {
    finds: ['keys/hs256-with-spki-der'],
    secret: ({ jwk }) => createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' }),
  }),
  confused('hmac-with-raw-key', 'the 32 bytes of the public key are handed over as "the key"', {
    finds: ['keys/hs256-with-x-bytes', 'keys/hs384-', 'keys/hs512-'],
    secret: ({ jwk }) => Buffer.from(jwk.x ?? '', 'base64url'),
  }),
  confused('secret-secret', 'an old HS256 path is still there, with the secret of the tutorial', {
    finds: ['keys/guessed-secret'],
    secret: () => 'secret',
  }),
  confused('empty-secret', 'the secret comes from a variable that is not set', {
    finds: [
      'keys/guessed-empty',
      'keys/guessed-nul',
      'keys/guessed-32-zero',
      'keys/hs256-with-buffer-zeros',
      'keys/kid-',
    ],
    secret: () => '',
  }),
  weakly('embedded-jwk', "jose's EmbeddedJWK was taken for the way to verify any token", {
    finds: ['keys/jwk-'],
    isGenuine: async (token, { house }) => {
      await jwtVerify(token, EmbeddedJWK, { issuer: house.issuer, audience: house.audience });
      return true;
    },
  }),
  weakly(
    'embedded-certificate',
    'the key is taken from the first certificate of x5c, without looking at who signed it',
    {
      finds: ['keys/x5c-'],
      isGenuine: (token, { header }) => {
        const [first] = header['x5c'] as readonly string[];
        return isSignedBy(
          token,
          new X509Certificate(Buffer.from(first ?? '', 'base64')).publicKey.export({ format: 'jwk' }),
        );
      },
    },
  ),
  weakly('fetched-jku', 'the key set is fetched from the jku of the header', {
    finds: ['keys/url-'],
    isGenuine: (token, { header }) => isSignedByAny(token, String(header['jku'])),
  }),
  weakly('fetched-jku-with-prefix', 'jku must start with the issuer, and that is compared as text', {
    finds: ['keys/url-jku-issuer-as-user'],
    isGenuine: async (token, { house, header }) => {
      const url = String(header['jku']);
      // The platform's fetch refuses a user name; the HTTP client of many an old service does not.
      return url.startsWith(house.issuer) && (await isSignedByAny(token, withoutUser(url)));
    },
  }),
  weakly('discovered-from-iss', 'whatever issuer a token names is asked for its key set', {
    finds: ['keys/url-iss', 'keys/unknown-kid-fetches'],
    isGenuine: async (token) => {
      const issuer = String(opened(token, 1)?.['iss']);
      const metadata: unknown = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
      return isSignedByAny(token, String((metadata as JsonObject)['jwks_uri']));
    },
  }),
  weakly('kid-as-file', 'kid is the name of a file in the folder of keys', {
    finds: ['keys/kid-path-'],
    isGenuine: (token, { header }) => {
      const secret = readFileSync(join('/etc/ssl/keys', String(header['kid'])), 'utf8');
      return isMacBy(token, secret);
    },
  }),
  weakly('kid-in-sql', 'kid is pasted into the statement that finds the key', {
    finds: ['keys/kid-sql-'],
    isGenuine: (token, { header }) => {
      using database = openKeys();
      const row = database.prepare(`SELECT secret FROM keys WHERE kid = '${String(header['kid'])}'`).get();
      return row !== undefined && isMacBy(token, String(row['secret']));
    },
  }),
  weakly('kid-in-object', 'the keys stand in a plain object, and a kid that it inherits finds a function', {
    finds: ['keys/kid-constructor', 'keys/kid-to-string', 'keys/kid-'],
    isGenuine: (token, { header }) => {
      const secrets: Readonly<Record<string, { toString: () => string } | undefined>> = {
        main: '7d1f3a9c5e',
      };
      const secret = secrets[String(header['kid'])];
      return secret !== undefined && isMacBy(token, secret.toString());
    },
  }),
  weakly('unknown-kid-empty-secret', 'a kid that is not found gives an empty secret instead of an error', {
    finds: ['keys/kid-unknown', 'keys/kid-'],
    isGenuine: (token, { header, house }) => header['kid'] !== house.jwk.kid && isMacBy(token, ''),
  }),
  {
    name: 'fetch-per-unknown-kid',
    flaw: 'every kid that is not in the cache makes the key set be fetched again',
    finds: ['keys/unknown-kid-fetches'],
    runs: ['keys/unknown-kid'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, async (request) => {
        const kid = opened(bearerOf(request) ?? '', 0)?.['kid'];
        if (kid !== undefined && kid !== house.jwk.kid)
          await fetch(house.jwksUri).then((response) => response.text());
        return undefined;
      }),
  },
  {
    name: 'bad-key-set-replaces-good',
    flaw: 'a fetch of the key set replaces the old one whatever it brought',
    finds: ['keys/outage-'],
    runs: ['keys/outage-'],
    carrier: 'bearer',
    start: async (house) => {
      const { handle, ...rest } = await openWeak(house, () => undefined);
      const cache: { keys: readonly JsonWebKey[] } = { keys: [house.jwk] };
      return {
        ...rest,
        handle: async (request) => {
          const kid = opened(bearerOf(request) ?? '', 0)?.['kid'];
          if (!cache.keys.some((key) => (key as JsonObject)['kid'] === kid))
            cache.keys = await keysAt(house.jwksUri).catch(() => []);
          const isKnown = cache.keys.some((key) => (key as JsonObject)['kid'] === kid);
          return isKnown ? handle(request) : { status: 401, headers: { 'www-authenticate': 'Bearer' } };
        },
      };
    },
  },
];

interface Confusion {
  readonly finds: readonly string[];
  readonly secret: (house: House) => string | Uint8Array | undefined;
}

function confused(name: string, flaw: string, { finds, secret }: Confusion): Target {
  return weakly(name, flaw, {
    finds,
    runs: ['keys/hs', 'keys/hmac', 'keys/guessed', 'keys/kid-'],
    isGenuine: (token, { house, header }) => {
      const key = secret(house);
      return key !== undefined && isMacBy(token, key, String(header['alg']));
    },
  });
}

interface Mistake {
  readonly finds: readonly string[];
  readonly runs?: readonly string[];
  readonly isGenuine: IsGenuine;
}

function weakly(name: string, flaw: string, how: Mistake): Target {
  return {
    name,
    flaw,
    finds: how.finds,
    runs: how.runs ?? ['keys/jwk', 'keys/x5c', 'keys/key-', 'keys/url', 'keys/kid', 'keys/unknown'],
    carrier: 'bearer',
    start: (house) => openWeak(house, (request) => letIn(request, { house, isGenuine: how.isGenuine })),
  };
}

async function letIn(
  request: Seen,
  by: { house: House; isGenuine: IsGenuine },
): Promise<JsonObject | undefined> {
  const token = bearerOf(request) ?? '';
  const [header, claims] = [opened(token, 0), opened(token, 1)];
  if (!hasStrictText(token) || header?.['typ'] !== 'at+jwt' || claims === undefined) return undefined;
  if (!(await by.isGenuine(token, { house: by.house, header }))) return undefined;
  return hasHonestClaims(claims, by.house, by.isGenuine.length === 1 ? ['iss'] : []) ? claims : undefined;
}

function isMacBy(token: string, secret: string | Uint8Array, alg = 'HS256'): boolean {
  const hash = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' }[alg];
  const at = token.lastIndexOf('.');
  if (hash === undefined) return false;
  return createHmac(hash, secret).update(token.slice(0, at)).digest('base64url') === token.slice(at + 1);
}

function isSignedBy(token: string, jwk: JsonWebKey): boolean {
  const at = token.lastIndexOf('.');
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const [data, signature] = [Buffer.from(token.slice(0, at)), Buffer.from(token.slice(at + 1), 'base64url')];
  if (jwk.kty === 'RSA') return createVerify('sha256').update(data).verify(key, signature);
  const hash = jwk.kty === 'EC' ? 'sha256' : null;
  return verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

async function isSignedByAny(token: string, url: string): Promise<boolean> {
  return (await keysAt(url)).some((key) => isSignedBy(token, key));
}

async function keysAt(url: string): Promise<readonly JsonWebKey[]> {
  const set = (await (await fetch(url)).json()) as { keys: readonly JsonWebKey[] };
  return set.keys;
}

function withoutUser(url: string): string {
  return url.replace(/^http:\/\/[^/]*@/, 'http://');
}

function isPem(text: string): boolean {
  return text.startsWith('-----BEGIN');
}

function openKeys(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  database.exec("CREATE TABLE keys (kid TEXT, secret TEXT); INSERT INTO keys VALUES ('main', '7d1f3a9c5e')");
  return database;
}
