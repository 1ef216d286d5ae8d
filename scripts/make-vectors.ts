/**
 * Writes `vectors/session-token.json`: tokens, good and bad, for every implementation of `docs/spec/token.md`.
 *
 * Run `node --conditions=symbolon:source scripts/make-vectors.ts`. The keys come from fixed seeds. EdDSA has one
 * signature per text; the ES256 and ML-DSA tokens, which have many, are taken over from the file while they are good.
 */
import { createECDH, createHash, createPrivateKey } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  encodeBase64url,
  headerTable,
  importPublicKey,
  importSigningKey,
  publishedJwk,
  sessionTokenHeader,
  signSessionToken,
  verifySessionToken,
  type SessionTokenClaims,
  type SigningKey,
} from '@symbolon/token';

const file = new URL('../vectors/session-token.json', import.meta.url);
const now = 1_790_000_000;
const issuer = 'https://issuer.example';
const audience = 'https://api.example';
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

interface Vector {
  readonly id: string;
  readonly sentence: string;
  readonly comment: string;
  readonly token: string;
  readonly expect: string;
}

const seed = (name: string): Buffer => createHash('sha256').update(`symbolon vectors: ${name}`).digest();
const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const segment = (value: unknown): string =>
  encodeBase64url(value instanceof Uint8Array ? value : new TextEncoder().encode(text(value)));

/** A key from its seed alone: the PKCS #8 frame of its algorithm (RFC 8410, RFC 9881) around 32 bytes. */
function fromSeed(frame: string, name: string): Promise<SigningKey> {
  const der = Buffer.concat([Buffer.from(frame, 'hex'), seed(name)]);
  return importSigningKey(
    createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' }),
  );
}

function p256FromSeed(name: string): Promise<SigningKey> {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(seed(name));
  const point = pair.getPublicKey();
  const [x, y, d] = [point.subarray(1, 33), point.subarray(33), seed(name)].map((part) =>
    encodeBase64url(part),
  );
  return importSigningKey({ kty: 'EC', crv: 'P-256', alg: 'ES256', x, y, d });
}

const ed25519Frame = '302e020100300506032b657004220420';
const mldsaFrame = '3034020100300b060960864801650304031104228020';
const [issuerKey, es256Key, mldsaKey, strangerKey, holderKey] = await Promise.all([
  fromSeed(ed25519Frame, 'EdDSA'),
  p256FromSeed('ES256'),
  fromSeed(mldsaFrame, 'ML-DSA-44'),
  fromSeed(ed25519Frame, 'stranger'),
  p256FromSeed('holder'),
]);

const claims: SessionTokenClaims = {
  iss: issuer,
  sub: 'sub-1',
  aud: audience,
  client_id: 'machine-1',
  iat: now,
  exp: now + 300,
  jti: 'AAAAAAAAAAAAAAAAAAAAAQ',
  sid: 'AAAAAAAAAAAAAAAAAAAAAg',
  sst: now * 1_000_000,
  sh: 'AAAAAAAAAAAAAAAAAAAAAw',
  scope: 'orders:read orders:write',
  cnf: { jkt: holderKey.kid },
};

const published = await Promise.all([issuerKey, es256Key, mldsaKey].map((key) => importPublicKey(key.jwk)));
const table = headerTable(new Map([[issuer, published]]));
const verify = (token: string): Promise<unknown> =>
  verifySessionToken(token, { keys: table, issuer, audience, now });

/** The token of the file as long as it verifies, so that a run without a reason changes nothing. */
async function keptOrSigned(id: string, key: SigningKey): Promise<string> {
  const before = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }).vectors.find((one) => one.id === id)
    : undefined;
  const isGood = before?.token.startsWith(`${sessionTokenHeader(key)}.${segment(claims)}.`) === true;
  if (
    isGood &&
    (await verify(before.token).then(
      () => true,
      () => false,
    ))
  )
    return before.token;
  return signSessionToken(claims, key);
}

const header = sessionTokenHeader(issuerKey);
const { kid } = issuerKey;
const json = JSON.stringify(claims);

async function signed(head: string, payload: string, key: SigningKey = issuerKey): Promise<string> {
  const data = `${head}.${payload}`;
  return `${data}.${encodeBase64url(await key.sign(new TextEncoder().encode(data)))}`;
}

const minted = (changes: Record<string, unknown>): Promise<string> =>
  signed(header, segment({ ...claims, ...changes }));
const withPayload = (payload: string | Uint8Array): Promise<string> => signed(header, segment(payload));
const withHeader = (head: unknown): Promise<string> => signed(segment(head), segment(claims));

const token = await signSessionToken(claims, issuerKey);
const es256 = await keptOrSigned('valid-es256', es256Key);
const mldsa = await keptOrSigned('valid-ml-dsa-44', mldsaKey);
const [, body = '', signature = ''] = token.split('.');
const own = { alg: 'EdDSA', kid, typ: 'at+jwt' };

function twinOf(es256Token: string): string {
  const cut = es256Token.lastIndexOf('.') + 1;
  const raw = Buffer.from(es256Token.slice(cut), 'base64url');
  const s = order - BigInt(`0x${raw.subarray(32).toString('hex')}`);
  const upper = Buffer.from(s.toString(16).padStart(64, '0'), 'hex');
  return es256Token.slice(0, cut) + encodeBase64url(Buffer.concat([raw.subarray(0, 32), upper]));
}

function otherLastCharacter(of: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return of.slice(0, -1) + (alphabet[alphabet.indexOf(of.at(-1) ?? '') + 1] ?? '');
}

type Line = [id: string, sentence: string, expect: string, comment: string, token: string | Promise<string>];

const lines: Line[] = [
  ['valid-eddsa', 'TOKEN-3', 'valid', 'EdDSA, bound to a key', token],
  ['valid-es256', 'TOKEN-3', 'valid', 'ES256, bound to a key', es256],
  ['valid-ml-dsa-44', 'TOKEN-3', 'valid', 'ML-DSA-44, bound to a key', mldsa],
  ['valid-cookie', 'TOKEN-16', 'valid', 'carried by a cookie', minted({ cnf: undefined, crr: 'cookie' })],
  ['valid-bearer', 'TOKEN-16', 'valid', 'bearer', minted({ cnf: undefined, crr: 'bearer' })],
  [
    'valid-person',
    'TOKEN-15',
    'valid',
    'with auth_time and amr',
    minted({ auth_time: now - 60, amr: ['hwk', 'user'] }),
  ],
  ['valid-other-claims', 'TOKEN-17', 'valid', 'with claims of an application', minted({ tenant: { id: 7 } })],
  ['valid-iat-ahead', 'TOKEN-21', 'valid', 'iat five seconds ahead', minted({ iat: now + 5 })],
  ['valid-one-hour', 'TOKEN-22', 'valid', 'a life of one hour', minted({ exp: now + 3600 })],
  ['two-segments', 'TOKEN-1', 'token_malformed', 'no signature segment', `${header}.${body}`],
  ['empty-signature', 'TOKEN-1', 'token_malformed', 'an empty signature segment', `${header}.${body}.`],
  ['four-segments', 'TOKEN-1', 'token_malformed', 'a dot and more at the end', `${token}.A`],
  [
    'json-serialization',
    'TOKEN-1',
    'token_malformed',
    'flattened JSON',
    JSON.stringify({ protected: header, payload: body, signature }),
  ],
  ['too-long', 'TOKEN-2', 'token_too_long', '8,193 characters', token + 'A'.repeat(8193 - token.length)],
  ['alg-none', 'TOKEN-4', 'token_key_unknown', 'alg none', withHeader({ ...own, alg: 'none' })],
  [
    'alg-ed25519',
    'TOKEN-4',
    'token_key_unknown',
    'the other name of the algorithm',
    withHeader({ ...own, alg: 'Ed25519' }),
  ],
  [
    'alg-confused',
    'TOKEN-4',
    'token_key_unknown',
    'ES256 for an Ed25519 key',
    withHeader({ ...own, alg: 'ES256' }),
  ],
  ['typ-jwt', 'TOKEN-4', 'token_key_unknown', 'typ JWT', withHeader({ ...own, typ: 'JWT' })],
  [
    'typ-long',
    'TOKEN-4',
    'token_key_unknown',
    'typ application/at+jwt',
    withHeader({ ...own, typ: 'application/at+jwt' }),
  ],
  [
    'header-order',
    'TOKEN-4',
    'token_key_unknown',
    'the members in another order',
    withHeader({ typ: 'at+jwt', alg: 'EdDSA', kid }),
  ],
  [
    'header-space',
    'TOKEN-4',
    'token_key_unknown',
    'a space in the header',
    withHeader(`{"alg":"EdDSA", "kid":"${kid}","typ":"at+jwt"}`),
  ],
  [
    'header-duplicate',
    'TOKEN-4',
    'token_key_unknown',
    'alg twice',
    withHeader(`{"alg":"none","alg":"EdDSA","kid":"${kid}","typ":"at+jwt"}`),
  ],
  [
    'header-jwk',
    'TOKEN-4',
    'token_key_unknown',
    'an embedded jwk, signed by it',
    signed(segment({ ...own, jwk: strangerKey.jwk }), body, strangerKey),
  ],
  ['header-crit', 'TOKEN-4', 'token_key_unknown', 'crit', withHeader({ ...own, crit: ['exp'] })],
  [
    'kid-unknown',
    'TOKEN-4',
    'token_key_unknown',
    'a key that nobody publishes',
    signed(sessionTokenHeader(strangerKey), body, strangerKey),
  ],
  [
    'signature-twin-text',
    'TOKEN-5',
    'token_signature_malformed',
    'an unused bit of the signature set',
    `${header}.${body}.${otherLastCharacter(signature)}`,
  ],
  ['signature-padding', 'TOKEN-5', 'token_signature_malformed', 'padding', `${token}==`],
  ['signature-newline', 'TOKEN-5', 'token_signature_malformed', 'a newline at the end', `${token}\n`],
  [
    'signature-short',
    'TOKEN-5',
    'token_signature_malformed',
    '63 bytes',
    `${header}.${body}.${signature.slice(0, 84)}`,
  ],
  [
    'signature-upper-s',
    'TOKEN-6',
    'token_signature_malformed',
    'ES256 with the upper s, which verifies',
    twinOf(es256),
  ],
  [
    'signature-stranger',
    'TOKEN-7',
    'token_signature_invalid',
    'signed by another key',
    signed(header, body, strangerKey),
  ],
  [
    'payload-changed',
    'TOKEN-7',
    'token_signature_invalid',
    'another subject',
    `${header}.${segment({ ...claims, sub: 'root' })}.${signature}`,
  ],
  [
    'payload-unsigned-garbage',
    'TOKEN-8',
    'token_signature_invalid',
    'a payload that is none',
    `${header}.!.${signature}`,
  ],
  [
    'payload-duplicate',
    'TOKEN-10',
    'token_payload_malformed',
    'sub twice',
    withPayload(json.replace('{', '{"sub":"root",')),
  ],
  [
    'payload-duplicate-escaped',
    'TOKEN-10',
    'token_payload_malformed',
    'sub twice, once escaped',
    withPayload(json.replace('{', '{"\\u0073ub":"root",')),
  ],
  [
    'payload-proto',
    'TOKEN-10',
    'token_payload_malformed',
    'a member __proto__',
    withPayload(json.replace('{', '{"__proto__":{},')),
  ],
  ['payload-bom', 'TOKEN-10', 'token_payload_malformed', 'a byte order mark', withPayload(`\ufeff${json}`)],
  [
    'payload-utf8',
    'TOKEN-10',
    'token_payload_malformed',
    'overlong UTF-8',
    withPayload(Buffer.from(`{"sub":"\xc0\x80"}`, 'latin1')),
  ],
  [
    'payload-surrogate',
    'TOKEN-10',
    'token_payload_malformed',
    'a lone surrogate',
    withPayload(json.replace('sub-1', '\\ud800')),
  ],
  [
    'payload-rounded',
    'TOKEN-10',
    'token_payload_malformed',
    'a number beyond 2^53',
    withPayload(json.replace('{', '{"uid":9007199254740993,')),
  ],
  [
    'payload-infinite',
    'TOKEN-10',
    'token_payload_malformed',
    'exp 1e999',
    withPayload(json.replace(/"exp":\d+/, '"exp":1e999')),
  ],
  ['payload-list', 'TOKEN-10', 'token_payload_malformed', 'a list', withPayload(`[${json}]`)],
  [
    'payload-padding',
    'TOKEN-10',
    'token_payload_malformed',
    'padding in the payload, signed so',
    signed(header, `${body}=`),
  ],
  ['exp-missing', 'TOKEN-11', 'token_claim_invalid', 'no exp', minted({ exp: undefined })],
  ['exp-text', 'TOKEN-11', 'token_claim_invalid', 'exp as text', minted({ exp: String(now + 300) })],
  ['sst-missing', 'TOKEN-11', 'token_claim_invalid', 'no sst', minted({ sst: undefined })],
  ['sub-space', 'TOKEN-12', 'token_claim_invalid', 'a space after sub', minted({ sub: 'admin ' })],
  [
    'sub-invisible',
    'TOKEN-12',
    'token_claim_invalid',
    'a zero-width space in sub',
    minted({ sub: 'ad\u200bmin' }),
  ],
  [
    'sid-short',
    'TOKEN-13',
    'token_claim_invalid',
    'a sid of 21 characters',
    minted({ sid: claims.sid.slice(1) }),
  ],
  ['exp-fraction', 'TOKEN-14', 'token_claim_invalid', 'exp with a fraction', minted({ exp: now + 0.5 })],
  ['exp-negative', 'TOKEN-14', 'token_claim_invalid', 'exp below zero', minted({ exp: -1 })],
  ['scope-list', 'TOKEN-15', 'token_claim_invalid', 'scope as a list', minted({ scope: ['admin'] })],
  ['carrier-none', 'TOKEN-16', 'token_claim_invalid', 'no carrier', minted({ cnf: undefined })],
  ['carrier-two', 'TOKEN-16', 'token_claim_invalid', 'two carriers', minted({ crr: 'bearer' })],
  [
    'issuer-other',
    'TOKEN-18',
    'token_issuer_unexpected',
    'another issuer',
    minted({ iss: 'https://evil.example' }),
  ],
  ['issuer-slash', 'TOKEN-18', 'token_issuer_unexpected', 'a slash after iss', minted({ iss: `${issuer}/` })],
  [
    'audience-other',
    'TOKEN-19',
    'token_audience_unexpected',
    'another audience',
    minted({ aud: 'https://evil.example' }),
  ],
  ['audience-list', 'TOKEN-19', 'token_claim_invalid', 'aud as a list', minted({ aud: [audience] })],
  ['expired', 'TOKEN-20', 'token_expired', 'exp is now', minted({ iat: now - 300, exp: now })],
  ['iat-future', 'TOKEN-21', 'token_issued_in_future', 'iat six seconds ahead', minted({ iat: now + 6 })],
  [
    'life-too-long',
    'TOKEN-22',
    'token_life_too_long',
    'a life of 3,601 seconds',
    minted({ exp: now + 3601 }),
  ],
  ['exp-milliseconds', 'TOKEN-22', 'token_life_too_long', 'exp in milliseconds', minted({ exp: now * 1000 })],
  [
    'exp-before-iat',
    'TOKEN-22',
    'token_claim_invalid',
    'exp before iat',
    minted({ iat: now + 5, exp: now + 4 }),
  ],
  ['nbf-future', 'TOKEN-23', 'token_claim_invalid', 'nbf in the future', minted({ nbf: now + 60 })],
  [
    'kind-refresh',
    'TOKEN-27',
    'token_key_unknown',
    'a refresh token',
    withHeader({ ...own, typ: 'refresh+jwt' }),
  ],
  [
    'kind-proof',
    'TOKEN-27',
    'token_key_unknown',
    'a proof',
    withHeader({ typ: 'dpop+jwt', alg: 'EdDSA', jwk: issuerKey.jwk }),
  ],
];

const vectors: Vector[] = await Promise.all(
  lines.map(async ([id, sentence, expect, comment, made]) => ({
    id,
    sentence,
    comment,
    expect,
    token: await made,
  })),
);
const content = {
  about:
    'Session tokens, good and bad, by the sentences of docs/spec/token.md; made by scripts/make-vectors.ts.',
  use: 'Verify each token at the time "now" for "issuer" and "audience" with the keys of "jwks"; expect "valid" or the code.',
  now,
  issuer,
  audience,
  jwks: { keys: published.map((key) => publishedJwk(key, 'session')) },
  vectors,
};
writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`);
console.log(`${String(vectors.length)} vectors written to vectors/session-token.json`);
