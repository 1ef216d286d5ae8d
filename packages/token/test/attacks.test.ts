/**
 * The catalogue of attacks on session tokens, as far as a verifier of statements meets them: what is sent, and the code
 * by which it is refused. Rows A to H, I and K of the catalogue; each stands between two statements that are accepted.
 *
 * Not here, because there is no code to reach: A4, B8–B10 and B14 (no shared secret exists), A7 (no function decodes without
 * verifying), E8, E10, E12 (no RSA, no HMAC), C8, F12, F15 and I10 (HTTP: the guard’s tests), H5 and H6 (no tolerance is an
 * option), I3 and I7 to I9 (the issuer’s tests), K1 to K3 and K13 to K20 (the guard’s tests).
 */
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import {
  AuthError,
  encodeBase64url,
  hashText,
  importPublicKey,
  signAssertion,
  signProof,
  signRefreshToken,
  signSessionToken,
  refreshTokenHeader,
  verifyAssertion,
  verifyProof,
  verifyRefreshToken,
  type AuthErrorCode,
} from '../src/index.ts';
import { verifyBytes } from '../src/keys.ts';
import { withLargerScalar } from './ed25519-arithmetic.ts';
import {
  audience,
  clientId,
  forge,
  issuer,
  now,
  party,
  refused,
  scene,
  segment,
  sharedVectors,
  signedText,
} from './given.ts';

const [given, es256, mldsa] = await Promise.all([scene(), scene('ES256'), scene('ML-DSA-44')]);
const attacker = await party();
const { token, header, claims, office, verify, minted } = given;
const [, body = '', signature = ''] = token.split('.');
const raw = Buffer.from(signature, 'base64url');
const kid = office.key.kid;
const own = { alg: 'EdDSA', kid, typ: 'at+jwt' };
const root = segment({ ...claims, sub: 'root' });

interface Row {
  readonly id: string;
  readonly what: string;
  readonly code: AuthErrorCode;
  readonly sent: string | Promise<string>;
  readonly verify?: (text: string) => Promise<unknown>;
}

/** A token under another header, signed by the issuer's own key: only the header can be what is refused. */
const under = (value: unknown): Promise<string> => forge(segment(value), claims, office.signing);
/** The same, signed by somebody else. */
const byAttacker = (value: unknown): Promise<string> => forge(segment(value), claims, attacker.signing);
const signedBy = (bytes: Uint8Array, text = `${header}.${body}`): string =>
  `${text}.${encodeBase64url(bytes)}`;
const json = (text: string): Promise<string> => forge(header, text, office.signing);
const claimsText = JSON.stringify(claims);

/** HS256 with a secret, under a header that says so. */
function hmac(secret: string | Uint8Array, value: unknown = { ...own, alg: 'HS256' }): string {
  const text = `${segment(value)}.${root}`;
  return signedBy(createHmac('sha256', secret).update(text).digest(), text);
}

const jwk = office.key.jwk;
const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const der = publicKey.export({ type: 'spki', format: 'der' });

const nullCiphers: Row[] = [
  ...['none', 'None', 'NONE', 'nOnE', 'noNE', 'none ', 'none\u0000', 'nonе', ''].flatMap((alg): Row[] => [
    {
      id: 'A2',
      what: `alg ${JSON.stringify(alg)}, old signature kept`,
      code: 'token_key_unknown',
      sent: under({ ...own, alg }),
    },
    {
      id: 'A1',
      what: `alg ${JSON.stringify(alg)}, no signature`,
      code: 'token_malformed',
      sent: `${segment({ ...own, alg })}.${root}.`,
    },
  ]),
  { id: 'A3', what: 'two segments', code: 'token_malformed', sent: `${header}.${body}` },
  { id: 'A3', what: 'a dot at the end', code: 'token_malformed', sent: `${token}.` },
  { id: 'A3', what: 'a payload alone', code: 'token_malformed', sent: `.${body}.` },
  {
    id: 'A6',
    what: 'an unsigned logout token',
    code: 'token_malformed',
    sent: `${segment({ alg: 'none', typ: 'logout+jwt' })}.${root}.`,
  },
  {
    id: 'A7',
    what: 'another subject, signature kept',
    code: 'token_signature_invalid',
    sent: `${header}.${root}.${signature}`,
  },
  {
    id: 'A8',
    what: 'random bytes as signature',
    code: 'token_signature_invalid',
    sent: signedBy(randomBytes(64)),
  },
  ...[1, 8, 16, 31, 32, 63].map((length): Row => ({
    id: 'A9',
    what: `${String(length)} bytes of signature`,
    code: 'token_signature_malformed',
    sent: signedBy(raw.subarray(0, length)),
  })),
  { id: 'A9', what: 'an empty signature', code: 'token_malformed', sent: `${header}.${body}.` },
  {
    id: 'A10',
    what: 'bad signature and expired',
    code: 'token_signature_invalid',
    sent: `${header}.${segment({ ...claims, exp: 1 })}.${signature}`,
  },
];

const confusions: Row[] = [
  ...[
    pem,
    pem.trim(),
    pem.replaceAll('\n', '\r\n'),
    ` \n${pem}`,
    `\ufeff${pem}`,
    `x${pem}`,
    der,
    der.subarray(-32),
    JSON.stringify(jwk),
    JSON.stringify({ keys: [jwk] }),
    JSON.stringify(jwk, undefined, 2),
    '',
    'secret',
    'undefined',
    '\0',
  ].map((secret, at): Row => ({
    id: 'B1–B4, B8',
    what: `HS256 with public text ${String(at)} as secret`,
    code: 'token_key_unknown',
    sent: hmac(secret),
  })),
  { id: 'B5', what: 'HS256 under the exact header', code: 'token_signature_malformed', sent: hmac(pem, own) },
  {
    id: 'B6',
    what: 'an alg that is allowed, but not this key’s',
    code: 'token_key_unknown',
    sent: under({ ...own, alg: 'ES256' }),
  },
  {
    id: 'B9',
    what: 'HS256 with an empty secret under an unknown kid',
    code: 'token_key_unknown',
    sent: hmac('', { alg: 'HS256', kid: 'unknown', typ: 'at+jwt' }),
  },
  ...['ES256K', 'ES384', 'ES521', 'RS256', 'PS256', 'Ed448', 'HS256', 'HS512'].map((alg): Row => ({
    id: 'B11, B13',
    what: `alg ${alg}`,
    code: 'token_key_unknown',
    sent: under({ ...own, alg }),
  })),
  {
    id: 'B11',
    what: 'the exact header over a signature by a key of another type',
    code: 'token_signature_invalid',
    sent: forge(header, claims, es256.office.signing),
  },
  {
    id: 'B12',
    what: 'Ed25519 instead of EdDSA',
    code: 'token_key_unknown',
    sent: under({ ...own, alg: 'Ed25519' }),
  },
];

const suppliedKeys: Row[] = [
  {
    id: 'C1',
    what: 'an embedded jwk',
    code: 'token_key_unknown',
    sent: byAttacker({ ...own, jwk: attacker.key.jwk }),
  },
  {
    id: 'C1',
    what: 'an embedded jwk and its own kid',
    code: 'token_key_unknown',
    sent: byAttacker({ ...own, kid: attacker.key.kid, jwk: attacker.key.jwk }),
  },
  {
    id: 'C2',
    what: 'an embedded symmetric jwk',
    code: 'token_key_unknown',
    sent: hmac('k', { ...own, alg: 'HS256', jwk: { kty: 'oct', k: 'aw' } }),
  },
  ...[
    'https://evil.example/jwks',
    `${issuer}@evil.example`,
    `${issuer}.evil.example`,
    'http://127.0.0.1:1/',
    'file:///etc/passwd',
  ].flatMap((url): Row[] => [
    { id: 'C3, C4', what: `jku ${url}`, code: 'token_key_unknown', sent: byAttacker({ ...own, jku: url }) },
    { id: 'C3', what: `x5u ${url}`, code: 'token_key_unknown', sent: byAttacker({ ...own, x5u: url }) },
  ]),
  {
    id: 'C5',
    what: 'an issuer that would name a URL',
    code: 'token_issuer_unexpected',
    sent: minted({ iss: 'https://169.254.169.254/' }),
  },
  {
    id: 'C6',
    what: 'a self-signed x5c',
    code: 'token_key_unknown',
    sent: byAttacker({ ...own, x5c: [der.toString('base64')] }),
  },
  {
    id: 'C7',
    what: 'x5t of another certificate',
    code: 'token_key_unknown',
    sent: byAttacker({ ...own, x5t: 'AAAA', 'x5t#S256': 'AAAA' }),
  },
  ...[
    '../../../dev/null',
    '/proc/sys/kernel/randomize_va_space',
    'a\u0000b',
    "x' UNION SELECT 'k'-- ",
    { $ne: null },
    ';sleep 9',
    '$(id)',
    '%0d%0a',
    '${jndi:ldap://x}',
    '\u001b[2J',
    'https://evil.example/',
    '__proto__',
    'constructor',
    'toString',
    '',
    0,
    null,
    ['a'],
    kid.toLowerCase(),
    `${kid} `,
  ].map((name): Row => ({
    id: 'C9–C13',
    what: `kid ${JSON.stringify(name)}`,
    code: 'token_key_unknown',
    sent: under({ ...own, kid: name }),
  })),
  {
    id: 'D2',
    what: 'no kid at all',
    code: 'token_key_unknown',
    sent: under({ alg: 'EdDSA', typ: 'at+jwt' }),
  },
  {
    id: 'D2',
    what: 'another’s kid',
    code: 'token_key_unknown',
    sent: byAttacker({ ...own, kid: attacker.key.kid }),
  },
];

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const scalar = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const [esHead = '', esBody = '', esSignature = ''] = es256.token.split('.');
const esRaw = Buffer.from(esSignature, 'base64url');
const esS = BigInt(`0x${esRaw.subarray(32).toString('hex')}`);
const [mlHead = '', mlBody = ''] = mldsa.token.split('.');

const arithmetic: Row[] = [
  ...(
    [
      [0n, 0n],
      [0n, 1n],
      [1n, 0n],
      [1n, 1n],
      [order, 1n],
    ] as const
  ).map(([r, s]): Row => ({
    id: 'E1',
    what: `ES256 (${r === order ? 'n' : String(r)}, ${String(s)})`,
    code: 'token_signature_invalid',
    verify: es256.verify,
    sent: signedBy(Buffer.concat([scalar(r), scalar(s)]), `${esHead}.${esBody}`),
  })),
  ...[order, order - 1n, 2n ** 256n - 1n].map((s): Row => ({
    id: 'E1',
    what: 'ES256 with s of n or about',
    code: 'token_signature_malformed',
    verify: es256.verify,
    sent: signedBy(Buffer.concat([scalar(0n), scalar(s)]), `${esHead}.${esBody}`),
  })),
  {
    id: 'E2',
    what: 'the twin (r, n − s)',
    code: 'token_signature_malformed',
    verify: es256.verify,
    sent: signedBy(Buffer.concat([esRaw.subarray(0, 32), scalar(order - esS)]), `${esHead}.${esBody}`),
  },
  {
    id: 'E3',
    what: 'DER instead of r ‖ s',
    code: 'token_signature_malformed',
    verify: es256.verify,
    sent: signedBy(
      Buffer.concat([
        Buffer.of(0x30, 0x44, 2, 32),
        esRaw.subarray(0, 32),
        Buffer.of(2, 32),
        esRaw.subarray(32),
      ]),
      `${esHead}.${esBody}`,
    ),
  },
  {
    id: 'E3',
    what: 'a byte after r ‖ s',
    code: 'token_signature_malformed',
    verify: es256.verify,
    sent: signedBy(Buffer.concat([esRaw, Buffer.of(0)]), `${esHead}.${esBody}`),
  },
  {
    id: 'E4',
    what: 'Ed25519 with S + L',
    code: 'token_signature_invalid',
    sent: signedBy(withLargerScalar(raw)),
  },
  {
    id: 'E5',
    what: 'R of small order, S zero',
    code: 'token_signature_invalid',
    sent: signedBy(Buffer.concat([Buffer.of(1), Buffer.alloc(63)])),
  },
  {
    id: 'E6',
    what: 'R unreduced',
    code: 'token_signature_invalid',
    sent: signedBy(Buffer.concat([Buffer.of(0xee), Buffer.alloc(30, 255), Buffer.of(127), Buffer.alloc(32)])),
  },
  {
    id: 'E14',
    what: 'ML-DSA zeros',
    code: 'token_signature_invalid',
    verify: mldsa.verify,
    sent: signedBy(Buffer.alloc(2420), `${mlHead}.${mlBody}`),
  },
  {
    id: 'E14',
    what: 'ML-DSA one byte short',
    code: 'token_signature_malformed',
    verify: mldsa.verify,
    sent: signedBy(Buffer.alloc(2419), `${mlHead}.${mlBody}`),
  },
];

const spaced = (text: string): string => `${text.slice(0, 4)} ${text.slice(4)}`;
const padded = `${claimsText}${' '.repeat((3 - ((claimsText.length + 1) % 3)) % 3)} `;

const encodings: Row[] = [
  ...['=', '==', ' ', '\n', '\t', '\r\n', '\u0000', '!!!!', '%3D'].map((tail): Row => ({
    id: 'F1, F2',
    what: `${JSON.stringify(tail)} after the token`,
    code: 'token_signature_malformed',
    sent: token + tail,
  })),
  ...[' ', '\n', '\ufeff', 'Bearer '].map((lead): Row => ({
    id: 'F2, F12',
    what: `${JSON.stringify(lead)} before the token`,
    code: 'token_key_unknown',
    sent: lead + token,
  })),
  {
    id: 'F2',
    what: 'a space in the signature',
    code: 'token_signature_malformed',
    sent: `${header}.${body}.${spaced(signature)}`,
  },
  {
    id: 'F2',
    what: 'a space in the header',
    code: 'token_key_unknown',
    sent: `${spaced(header)}.${body}.${signature}`,
  },
  {
    id: 'F2',
    what: 'a space in the payload, signed so',
    code: 'token_payload_malformed',
    sent: signedText(`${header}.${spaced(body)}`, office.signing),
  },
  {
    id: 'F2',
    what: '= after the payload, signed so',
    code: 'token_payload_malformed',
    sent: signedText(`${header}.${segment(padded).replace(/.$/, '=')}`, office.signing),
  },
  {
    id: 'F4',
    what: 'sub twice',
    code: 'token_payload_malformed',
    sent: json(claimsText.replace('{', '{"sub":"root",')),
  },
  {
    id: 'F4',
    what: 'exp twice, once escaped',
    code: 'token_payload_malformed',
    sent: json(claimsText.replace('{', '{"\\u0065xp":1,')),
  },
  {
    id: 'F4',
    what: 'alg twice',
    code: 'token_key_unknown',
    sent: under(`{"alg":"none","alg":"EdDSA","kid":"${kid}","typ":"at+jwt"}`),
  },
  {
    id: 'F6',
    what: 'Exp instead of exp',
    code: 'token_claim_invalid',
    sent: minted({ exp: undefined, Exp: now + 300 }),
  },
  {
    id: 'F6',
    what: 'ｅxp instead of exp',
    code: 'token_claim_invalid',
    sent: minted({ exp: undefined, ｅxp: now + 300 }),
  },
  {
    id: 'F7',
    what: 'a __proto__ claim',
    code: 'token_payload_malformed',
    sent: json(claimsText.replace('{', '{"__proto__":{"admin":true},')),
  },
  {
    id: 'F7',
    what: 'required claims only in __proto__',
    code: 'token_payload_malformed',
    sent: json(`{"__proto__":${claimsText}}`),
  },
  ...[[0xc0, 0x80], [0xff], [0xed, 0xa0, 0x80]].map((bytes): Row => ({
    id: 'F8',
    what: `bytes ${Buffer.from(bytes).toString('hex')} in sub`,
    code: 'token_payload_malformed',
    sent: forge(
      header,
      Buffer.concat([Buffer.from('{"sub":"'), Buffer.from(bytes), Buffer.from('"}')]),
      office.signing,
    ),
  })),
  {
    id: 'F8',
    what: 'a lone surrogate',
    code: 'token_payload_malformed',
    sent: json(claimsText.replace('sub-1', '\\ud800')),
  },
  { id: 'F8', what: 'a byte order mark', code: 'token_payload_malformed', sent: json(`\ufeff${claimsText}`) },
  { id: 'F8', what: 'NUL in sub', code: 'token_claim_invalid', sent: minted({ sub: 'a\u0000' }) },
  {
    id: 'F8',
    what: 'UTF-16',
    code: 'token_payload_malformed',
    sent: forge(header, Buffer.from(claimsText, 'utf16le'), office.signing),
  },
  ...['9007199254740993', '1e999', '01', '0x1', '-', '1.'].map((number): Row => ({
    id: 'F9',
    what: `exp ${number}`,
    code: 'token_payload_malformed',
    sent: json(claimsText.replace(/"exp":\d+/, `"exp":${number}`)),
  })),
  ...['-0', '-1', '1.5', '1e-2'].map((number): Row => ({
    id: 'F9',
    what: `auth_time ${number}`,
    code: 'token_claim_invalid',
    sent: json(claimsText.replace('{', `{"auth_time":${number},`)),
  })),
  ...['[]', `[${claimsText}]`, JSON.stringify(claimsText), 'null', '1'].map((text): Row => ({
    id: 'F10',
    what: `payload ${text.slice(0, 8)}`,
    code: 'token_payload_malformed',
    sent: json(text),
  })),
  { id: 'F10', what: 'a header that is a list', code: 'token_key_unknown', sent: under([own]) },
  ...[
    `${claimsText}//`,
    `${claimsText} {}`,
    claimsText.replace('}', ',}'),
    claimsText.replaceAll('"', "'"),
  ].map((text): Row => ({
    id: 'F11',
    what: 'loose JSON',
    code: 'token_payload_malformed',
    sent: json(text),
  })),
  {
    id: 'F14',
    what: 'the same claims in another order',
    code: 'token_signature_invalid',
    sent: `${header}.${segment(Object.fromEntries(Object.entries(claims).reverse()))}.${signature}`,
  },
];

const flattened = JSON.stringify({ protected: header, payload: body, signature });
const enveloped: Row[] = [
  { id: 'G1', what: 'flattened JSON', code: 'token_malformed', sent: flattened },
  {
    id: 'G1',
    what: 'a polyglot of JSON and compact',
    code: 'token_key_unknown',
    sent: `{"${header}.${root}.${signature}":"${flattened.replaceAll('"', '')}"}`,
  },
  {
    id: 'G4',
    what: 'alg in an unprotected header',
    code: 'token_malformed',
    sent: JSON.stringify({ header: own, payload: body, signature }),
  },
  {
    id: 'G5',
    what: 'JSON without signature',
    code: 'token_malformed',
    sent: JSON.stringify({ protected: header, payload: root }),
  },
  ...[['x'], [], ['exp'], 'exp', ['b64']].map((crit): Row => ({
    id: 'G6',
    what: `crit ${JSON.stringify(crit)}`,
    code: 'token_key_unknown',
    sent: under({ ...own, crit, x: 1 }),
  })),
  {
    id: 'G7',
    what: 'b64 false with crit',
    code: 'token_key_unknown',
    sent: signedText(
      `${segment({ ...own, b64: false, crit: ['b64'] })}.${claimsText.replaceAll('.', '')}`,
      office.signing,
    ),
  },
  {
    id: 'G7',
    what: 'b64 false without crit',
    code: 'token_key_unknown',
    sent: under({ ...own, b64: false }),
  },
  { id: 'G7', what: 'detached', code: 'token_malformed', sent: `${header}..${signature}` },
  {
    id: 'G8, G9',
    what: 'five segments',
    code: 'token_malformed',
    sent: `${segment({ alg: 'ECDH-ES', enc: 'A256GCM' })}..AAAA.AAAA.AAAA`,
  },
  {
    id: 'G8',
    what: 'a JWE around an unsigned token',
    code: 'token_malformed',
    sent: `${segment({ alg: 'dir', enc: 'A256GCM', cty: 'JWT' })}.AAAA.AAAA.${root}.AAAA`,
  },
  {
    id: 'G10',
    what: 'a token as the payload of a token',
    code: 'token_payload_malformed',
    sent: forge(header, token, office.signing),
  },
  { id: 'G10', what: 'cty JWT', code: 'token_key_unknown', sent: under({ ...own, cty: 'JWT' }) },
  {
    id: 'G15',
    what: 'p2c of two billion',
    code: 'token_key_unknown',
    sent: under({ ...own, alg: 'PBES2-HS256+A128KW', p2c: 2 ** 31 - 1 }),
  },
  { id: 'G16', what: 'zip', code: 'token_key_unknown', sent: under({ ...own, zip: 'DEF' }) },
  {
    id: 'G18',
    what: 'a second payload around the signed one',
    code: 'token_malformed',
    sent: `${header}.${root}.${body}.${signature}`,
  },
];

const times: Row[] = [
  ...['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'sid', 'sst', 'sh', 'client_id'].map((name): Row => ({
    id: 'H1',
    what: `no ${name}`,
    code: 'token_claim_invalid',
    sent: minted({ [name]: undefined }),
  })),
  ...[String(now + 300), null, false, true, 0.5, {}, [], [now + 300]].map((exp): Row => ({
    id: 'H2, H4',
    what: `exp ${JSON.stringify(exp)}`,
    code: 'token_claim_invalid',
    sent: minted({ exp }),
  })),
  { id: 'H3', what: 'exp in milliseconds', code: 'token_life_too_long', sent: minted({ exp: now * 1000 }) },
  { id: 'H3', what: 'exp 2^53', code: 'token_payload_malformed', sent: minted({ exp: 2 ** 53 }) },
  { id: 'H3', what: 'exp in a year', code: 'token_life_too_long', sent: minted({ exp: now + 31_536_000 }) },
  { id: 'H4', what: 'exp −1', code: 'token_claim_invalid', sent: minted({ exp: -1 }) },
  { id: 'H7', what: 'iat in the future', code: 'token_issued_in_future', sent: minted({ iat: now + 60 }) },
  { id: 'H7', what: 'nbf in the future', code: 'token_claim_invalid', sent: minted({ nbf: now + 60 }) },
  { id: 'H7', what: 'nbf after exp', code: 'token_claim_invalid', sent: minted({ nbf: now + 301 }) },
  {
    id: 'H7',
    what: 'iat after exp',
    code: 'token_claim_invalid',
    sent: minted({ iat: now + 5, exp: now + 4 }),
  },
  { id: 'H7', what: 'expired', code: 'token_expired', sent: minted({ iat: now - 300, exp: now }) },
  {
    id: 'H9',
    what: 'auth_time as text',
    code: 'token_claim_invalid',
    sent: minted({ auth_time: String(now) }),
  },
  ...['', 'admin ', ' admin', 'ad\u200bmin', 'admin\u0000', '\u202enimda'].map((sub): Row => ({
    id: 'H10',
    what: `sub ${JSON.stringify(sub)}`,
    code: 'token_claim_invalid',
    sent: minted({ sub }),
  })),
  ...[['admin'], { admin: true }, 'a  b', 'а'].map((scope): Row => ({
    id: 'H11',
    what: `scope ${JSON.stringify(scope)}`,
    code: 'token_claim_invalid',
    sent: minted({ scope }),
  })),
];

const addressed: Row[] = [
  ...[undefined, [], [''], [audience], ['x', audience], ''].map((aud): Row => ({
    id: 'I1',
    what: `aud ${JSON.stringify(aud)}`,
    code: 'token_claim_invalid',
    sent: minted({ aud }),
  })),
  ...[`${audience}.evil`, audience.slice(0, -1), audience.toUpperCase(), `${audience}/`, '*', issuer].map(
    (aud): Row => ({
      id: 'I1',
      what: `aud ${aud}`,
      code: 'token_audience_unexpected',
      sent: minted({ aud }),
    }),
  ),
  ...[[issuer, 'https://evil.example'], null, [issuer]].map((iss): Row => ({
    id: 'I2',
    what: `iss ${JSON.stringify(iss)}`,
    code: 'token_claim_invalid',
    sent: minted({ iss }),
  })),
  ...[issuer.slice(0, -1), `${issuer}/`, `${issuer}.evil`].map((iss): Row => ({
    id: 'I2',
    what: `iss ${iss}`,
    code: 'token_issuer_unexpected',
    sent: minted({ iss }),
  })),
  ...['JWT', 'application/at+jwt', 'AT+JWT', undefined, ['at+jwt'], 'jwt', 'at+jwt '].map((typ): Row => ({
    id: 'I5',
    what: `typ ${JSON.stringify(typ)}`,
    code: 'token_key_unknown',
    sent: under({ ...own, typ }),
  })),
];

const exhausting: Row[] = [
  { id: 'L1', what: '8 MB of dots', code: 'token_too_long', sent: '.'.repeat(8_000_000) },
  { id: 'L1', what: '8 kB of dots', code: 'token_malformed', sent: '.'.repeat(8192) },
  {
    id: 'L2',
    what: 'a huge payload',
    code: 'token_too_long',
    sent: `${header}.${'A'.repeat(5_000_000)}.${signature}`,
  },
  {
    id: 'L3',
    what: 'deep nesting',
    code: 'token_payload_malformed',
    sent: json(`{"a":${'['.repeat(2000)}${']'.repeat(2000)}}`),
  },
  {
    id: 'L5',
    what: 'a number of many digits',
    code: 'token_payload_malformed',
    sent: json(claimsText.replace(/"exp":\d+/, `"exp":${'9'.repeat(4000)}`)),
  },
];

const batteries: Record<string, Row[]> = {
  'A: no signature': nullCiphers,
  'B: algorithm and key confusion': confusions,
  'C, D: keys and URLs in the token': suppliedKeys,
  'E: arithmetic of signatures': arithmetic,
  'F: encoding and parsing': encodings,
  'G: serialization and envelopes': enveloped,
  'H: times and values': times,
  'I: audience, issuer, type': addressed,
  'L: exhaustion': exhausting,
};

for (const [name, rows] of Object.entries(batteries)) {
  test(`attacks ${name} (${String(rows.length)})`, async (t) => {
    for (const row of rows) {
      await t.test(`${row.id}: ${row.what}`, async () => {
        await control();
        await refused(row.code, await row.sent, row.verify ?? verify);
        await control();
      });
    }
  });
}

async function control(): Promise<void> {
  await verify(token);
  await es256.verify(es256.token);
}

const url = `${audience}/orders`;
const ath = await hashText(token);
const holder = given.holder;
const proving = { method: 'GET', url, tokenHash: ath, now, thumbprint: holder.key.kid };
const prove = (text: string): Promise<unknown> => verifyProof(text, proving);
const proof = await signProof({ method: 'GET', url, now, token }, holder.signing);
const { alg: proofAlg, ...proofJwk } = holder.key.jwk;
const proofHeader = { typ: 'dpop+jwt', alg: proofAlg, jwk: proofJwk };
const proofClaims = { jti: 'jti', htm: 'GET', htu: url, iat: now, ath };
const proved = (changes: object, head: object = {}): Promise<string> =>
  forge(segment({ ...proofHeader, ...head }), { ...proofClaims, ...changes }, holder.signing);
const identity = 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
const smallOrder = `${segment({ typ: 'dpop+jwt', alg: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x: identity } })}.${segment(proofClaims)}`;

const proofs: Row[] = [
  { id: 'K4', what: 'ath missing', code: 'proof_token_unexpected', sent: proved({ ath: undefined }) },
  { id: 'K4', what: 'another token’s ath', code: 'proof_token_unexpected', sent: proved({ ath: identity }) },
  {
    id: 'K4',
    what: 'another’s proof with this token',
    code: 'proof_key_unexpected',
    sent: signProof({ method: 'GET', url, now, token }, attacker.signing),
  },
  ...['POST', 'get', 'Get'].map((htm): Row => ({
    id: 'K5',
    what: `htm ${htm}`,
    code: 'proof_method_unexpected',
    sent: proved({ htm }),
  })),
  ...[
    'https://evil.example/orders',
    `${url}/`,
    `${url}%2F`,
    'http://api.example/orders',
    'https://api.example.:443/orders',
    'https://me@api.example/orders',
    '//api.example/orders',
    '/orders',
    'https://api.example/ORDERS',
  ].map((htu): Row => ({
    id: 'K5, K6',
    what: `htu ${htu}`,
    code: 'proof_url_unexpected',
    sent: proved({ htu }),
  })),
  { id: 'K9', what: 'iat an hour ago', code: 'proof_expired', sent: proved({ iat: now - 3600 }) },
  { id: 'K9', what: 'iat in an hour', code: 'proof_issued_in_future', sent: proved({ iat: now + 3600 }) },
  { id: 'K9', what: 'iat missing', code: 'proof_claim_invalid', sent: proved({ iat: undefined }) },
  { id: 'K9', what: 'iat with a fraction', code: 'proof_claim_invalid', sent: proved({ iat: now + 0.5 }) },
  ...['none', 'HS256', 'RS256', 'EdDSA'].map((alg): Row => ({
    id: 'K10',
    what: `alg ${alg}`,
    code: 'proof_header_invalid',
    sent: proved({}, { alg }),
  })),
  {
    id: 'K10',
    what: 'a private jwk',
    code: 'proof_key_invalid',
    sent: proved({}, { jwk: { ...proofJwk, d: identity } }),
  },
  {
    id: 'K10',
    what: 'a symmetric jwk',
    code: 'proof_key_invalid',
    sent: proved({}, { jwk: { kty: 'oct', k: identity } }),
  },
  {
    id: 'K11',
    what: 'a key of small order and the constant signature',
    code: 'proof_key_invalid',
    sent: signedBy(Buffer.concat([Buffer.of(1), Buffer.alloc(63)]), smallOrder),
  },
  {
    id: 'E13',
    what: 'a key off its curve',
    code: 'proof_key_unexpected',
    sent: proved({}, { jwk: { ...proofJwk, y: proofJwk.x } }),
  },
  { id: 'I5', what: 'typ JWT', code: 'proof_header_invalid', sent: proved({}, { typ: 'JWT' }) },
  { id: 'C3', what: 'jku', code: 'proof_header_invalid', sent: proved({}, { jku: 'https://evil.example' }) },
  {
    id: 'F4',
    what: 'alg twice',
    code: 'proof_header_invalid',
    sent: forge(
      segment(JSON.stringify(proofHeader).replace('{', '{"alg":"none",')),
      proofClaims,
      holder.signing,
    ),
  },
];

test(`attacks K: proof of possession (${String(proofs.length)})`, async (t) => {
  for (const row of proofs) {
    await t.test(`${row.id}: ${row.what}`, async () => {
      await prove(proof);
      await refused(row.code, await row.sent, prove);
      await prove(proof);
    });
  }
});

test('TOKEN-27: I4: no kind of statement passes for another, by whatever key', async () => {
  const { signing, key } = office;
  const assertion = await signAssertion({ clientId, issuer, now }, signing);
  const refresh = await signRefreshToken({ iss: issuer, sid: claims.sid, gen: 1, exp: now + 60 }, signing);
  const ownProof = await signProof({ method: 'GET', url, now, token }, signing);
  const foreign = (typ: string | undefined, extra: object = {}): Promise<string> =>
    forge(segment({ alg: 'EdDSA', kid, typ }), { ...claims, ...extra }, signing);
  const statements = {
    token,
    proof: ownProof,
    assertion,
    refresh,
    idToken: await foreign('JWT', { nonce: 'n' }),
    logout: await foreign('logout+jwt', { events: {} }),
    revocations: await foreign('revocations+jwt'),
    introspection: await foreign('token-introspection+jwt'),
    presentation: await foreign('kb+jwt'),
    secEvent: await foreign('secevent+jwt'),
    untyped: await foreign(undefined),
  };
  const verifiers = {
    token: verify,
    proof: (text: string) => verifyProof(text, { method: 'GET', url, tokenHash: ath, now }),
    assertion: (text: string) => verifyAssertion(text, { issuer, now, findKeys: () => [key] }),
    refresh: (text: string) =>
      verifyRefreshToken(text, { keys: new Map([[refreshTokenHeader(key), key]]), issuer, now }),
  };
  let judged = 0;
  for (const [as, check] of Object.entries(verifiers)) {
    for (const [kind, text] of Object.entries(statements)) {
      if (kind === as) await check(text);
      else await assert.rejects(check(text), AuthError, `a ${kind} statement passed as ${as}`);
      judged++;
    }
  }
  assert.equal(judged, 44);
});

test('TOKEN-27: I6: what a client signs for another issuer is none here', async () => {
  const elsewhere = await signAssertion({ clientId, issuer: 'https://evil.example', now }, attacker.signing);
  const check = (text: string): Promise<unknown> =>
    verifyAssertion(text, { issuer, now, findKeys: () => [attacker.key] });
  await check(await signAssertion({ clientId, issuer, now }, attacker.signing));
  await refused('assertion_audience_unexpected', elsewhere, check);
});

test('TOKEN-26: a claim at fault is named, its value is not told', async () => {
  for (const claim of [
    'iss',
    'sub',
    'aud',
    'client_id',
    'iat',
    'exp',
    'jti',
    'sid',
    'sst',
    'sh',
    'scope',
    'amr',
    'cnf',
    'crr',
  ]) {
    const sent = await minted({ [claim]: ' the-value-that-was-sent ' });
    const error = await refused('token_claim_invalid', sent, verify);
    assert.ok(!inspect(error, { depth: Infinity, showHidden: true }).includes('the-value'), claim);
  }
});

test('TOKEN-26: a refusal has a code, and nothing of what was sent', async () => {
  const rows = [
    ...Object.values(batteries)
      .flat()
      .map((row) => ({ verify, ...row })),
    ...proofs.map((row) => ({ ...row, verify: prove })),
  ];
  for (const row of rows) {
    const sent = await row.sent;
    const error: unknown = await row.verify(sent).catch((reason: unknown) => reason);
    assert.ok(error instanceof AuthError && Object.isFrozen(error.detail));
    const shown = inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error);
    for (const part of sent.split('.').flatMap((text) => text.match(/.{16}/gs) ?? []))
      assert.ok(!shown.includes(part), row.what);
  }
  const offCurve = await proved({}, { jwk: { ...proofJwk, y: proofJwk.x } });
  const error = await refused('proof_key_invalid', offCurve, (text) =>
    verifyProof(text, { method: 'GET', url, tokenHash: ath, now }),
  );
  assert.ok(!inspect(error, { depth: Infinity, showHidden: true }).includes(proofJwk.x ?? 'x'));
});

interface JwkVectors {
  readonly testGroups: readonly {
    readonly public?: unknown;
    readonly private: unknown;
    readonly tests: readonly { readonly tcId: number; readonly jws: string }[];
  }[];
}

const keySets = sharedVectors('json_web_key_test.json');

// The file is about RSA, HMAC and P-256 keys that are weak, mislabelled or of another use. RSA and HMAC are outside our table,
// so also its five valid cases have no key here; what stays is case 1, whose fault is that HMAC stands beside ES256.
test(
  'D3, D8, D9: of Wycheproof’s 26 key sets no key is taken but the one that is sound',
  { skip: 'skip' in keySets && keySets.skip },
  async () => {
    if ('skip' in keySets) return;
    const taken: string[] = [];
    for (const { public: published, private: kept, tests } of (keySets.value as JwkVectors).testGroups) {
      const listed = ((published ?? kept) as { keys: unknown[] }).keys;
      const keys = await Promise.all(listed.map((jwk) => importPublicKey(jwk).catch(() => undefined)));
      for (const key of keys)
        if (key !== undefined) taken.push(...tests.map(({ tcId }) => `${String(tcId)} ${key.jwk.alg}`));
    }
    assert.deepEqual(taken, ['1 ES256']);
    const mislabelled = (keySets.value as JwkVectors).testGroups.find(({ tests }) => tests[0]?.tcId === 19);
    const [jwk] = (mislabelled?.public as { keys: object[] }).keys;
    const [head = '', payload = '', signed = ''] = mislabelled?.tests[0]?.jws.split('.') ?? [];
    const text = new TextEncoder().encode(`${head}.${payload}`);
    assert.ok(
      await verifyBytes(
        await importPublicKey({ ...jwk, alg: 'ES256' }),
        text,
        Buffer.from(signed, 'base64url'),
      ),
    );
  },
);

test('a token by the same key for another session is another token', async () => {
  const other = await signSessionToken({ ...claims, sid: 'otherotherotherotherQQ' }, office.signing);
  assert.notEqual(other, token);
  await verify(other);
  const swapped = [header, other.split('.')[1], signature].join('.');
  await refused('token_signature_invalid', swapped, verify);
});
