import {
  compactDecrypt,
  decodeJwt,
  flattenedVerify,
  generalVerify,
  importJWK,
  type FlattenedJWS,
  type GeneralJWS,
} from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { parseObject, type JsonObject } from '../../src/json.ts';
import {
  bearerOf,
  hasHonestClaims,
  hasHonestHeader,
  hasSignature,
  hasStrictText,
  opened,
  looseBearerOf,
} from './strict.ts';
import { openStrict } from './strict-server.ts';
import { openWeak } from './strong.ts';
import type { Target } from './target.ts';

/** Servers that open envelopes which they should have sent back. */
export const envelopeTargets: readonly Target[] = [
  {
    name: 'jsonwebtoken-and-crit',
    flaw: 'jsonwebtoken verifies the token and never looks at "crit"',
    finds: ['envelope/crit-', 'envelope/b64-false-encoded'],
    runs: ['envelope/'],
    carrier: 'bearer',
    alg: 'ES256',
    start: (house) =>
      openWeak(house, (request) => {
        const token = bearerOf(request) ?? '';
        const { issuer, audience, pem } = house;
        const { alg, kid, typ, cty } = opened(token, 0) ?? {};
        const isOurs = kid === house.jwk.kid && typ === 'at+jwt' && alg === 'ES256' && cty === undefined;
        if (!isOurs || !hasStrictText(token) || opened(token, 0)?.['crit'] === undefined) return undefined;
        const claims = jsonwebtoken.verify(token, pem, { algorithms: ['ES256'], audience, issuer });
        return typeof claims === 'object' && hasHonestClaims(claims, house) ? { ...claims } : undefined;
      }),
  },
  {
    name: 'verified-as-json-read-by-dots',
    flaw: 'the library verifies JSON too, and the claims are read by splitting the text at its dots',
    finds: ['envelope/polyglot-three', 'envelope/polyglot-spaced'],
    runs: ['envelope/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, (request) => {
        const text = looseBearerOf(request);
        const { protected: header, payload, signature } = textsOf(parseObject(text));
        const token = [header, payload, signature].join('.');
        const isSigned = hasStrictText(token) && hasHonestHeader(token, house) && hasSignature(token, house);
        const claims = opened(text, 1);
        return isSigned && hasHonestClaims(claims, house) ? claims : undefined;
      }),
  },
  {
    name: 'json-serialisation-welcome',
    flaw: 'takes whatever form of JWS arrives: jose has a function for each',
    finds: ['envelope/json-flattened', 'envelope/json-general', 'envelope/polyglot-'],
    runs: ['envelope/'],
    carrier: 'bearer',
    start: async (house) => {
      const key = await importJWK(house.jwk, house.alg);
      return openWeak(house, async (request) => {
        const jws: unknown = JSON.parse(looseBearerOf(request));
        const isGeneral = Object.hasOwn(Object(jws) as object, 'signatures');
        const { payload, protectedHeader } = await (isGeneral
          ? generalVerify(jws as GeneralJWS, key)
          : flattenedVerify(jws as FlattenedJWS, key));
        const claims = parseObject(Buffer.from(payload).toString());
        return protectedHeader?.alg === 'EdDSA' && hasHonestClaims(claims, house) ? claims : undefined;
      });
    },
  },
  ...(['RS256', 'ES256'] as const).map((alg): Target => ({
    name: `decrypted-is-trusted-${alg.toLowerCase()}`,
    flaw: 'five segments are decrypted, and what is within is read without a look at its signature',
    finds: [alg === 'RS256' ? 'envelope/jwe-rsa-oaep' : 'envelope/jwe-ecdh-es'],
    runs: ['envelope/'],
    carrier: 'bearer',
    alg,
    start: (house) =>
      (alg === 'RS256' ? openStrict : openWeak)(house, async (request) => {
        const token = looseBearerOf(request);
        if (token.split('.').length !== 5) return undefined;
        const { plaintext } = await compactDecrypt(token, house.signer.key.privateKey).catch(() => nothing);
        const claims = insideOf(Buffer.from(plaintext).toString());
        return hasHonestClaims(claims, house) ? claims : undefined;
      }),
  })),
  ...[
    { name: 'password-hashed-as-told', password: 'a long one that nobody guesses', most: Infinity },
    { name: 'password-that-anybody-guesses', password: 'changeme', most: 10_000 },
  ].map(({ name, password, most }): Target => ({
    name,
    flaw:
      most === Infinity
        ? 'PBES2 is allowed, and its limit was lifted when a partner wanted more rounds'
        : 'tokens are encrypted with a password from the sample configuration',
    finds: [most === Infinity ? 'envelope/jwe-password-count' : 'envelope/jwe-password-changeme'],
    runs: ['envelope/jwe-'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, async (request) => {
        const token = looseBearerOf(request);
        if (token.split('.').length !== 5) return undefined;
        const { plaintext } = await compactDecrypt(token, Buffer.from(password), {
          keyManagementAlgorithms: ['PBES2-HS256+A128KW'],
          maxPBES2Count: most,
        });
        const claims = insideOf(Buffer.from(plaintext).toString());
        return hasHonestClaims(claims, house) ? claims : undefined;
      }),
  })),
  {
    name: 'first-three-of-many-segments',
    flaw: 'const [header, payload, signature] = token.split("."): what comes after them is not seen',
    finds: ['envelope/segments-last', 'envelope/segments-own-token-after', 'envelope/segments-'],
    runs: ['envelope/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, (request) => {
        const token = looseBearerOf(request).split('.').slice(0, 3).join('.');
        const isSigned = hasStrictText(token) && hasHonestHeader(token, house) && hasSignature(token, house);
        const claims = isSigned ? opened(token, 1) : undefined;
        return hasHonestClaims(claims, house) ? claims : undefined;
      }),
  },
  {
    name: 'nested-token-decoded',
    flaw: 'verifies the outer token, and only decodes the one within',
    finds: ['envelope/nested-unsigned-in-signed', 'envelope/nested-forged-in-signed'],
    runs: ['envelope/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, (request) => {
        const token = bearerOf(request) ?? '';
        const { cty, crit } = opened(token, 0) ?? {};
        const isOuter =
          cty === 'JWT' && crit === undefined && hasStrictText(token) && hasSignature(token, house);
        const claims = isOuter ? innermost(token) : undefined;
        return hasHonestClaims(claims, house) ? claims : undefined;
      }),
  },
];

const nothing = { plaintext: new Uint8Array() };

function textsOf(jws: JsonObject = {}): Record<'protected' | 'payload' | 'signature', string> {
  const text = (name: string): string => String(jws[name]);
  return { protected: text('protected'), payload: text('payload'), signature: text('signature') };
}

function insideOf(text: string): JsonObject | undefined {
  return parseObject(text) ?? (text === '' ? undefined : decodeJwt(text));
}

function innermost(token: string): JsonObject | undefined {
  const inner = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return opened(inner, 1) ?? (inner.includes('.') ? innermost(inner) : undefined);
}
