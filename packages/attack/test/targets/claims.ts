import { createVerifier } from 'fast-jwt';
import { importJWK, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { parseObject, type JsonObject } from '../../src/json.ts';
import type { House } from './house.ts';
import {
  bearerOf,
  hasHonestClaims,
  hasHonestHeader,
  hasSignature,
  hasStrictText,
  opened,
  type Check,
} from './strict.ts';
import { strictly } from './strict-server.ts';
import { openWeak } from './strong.ts';
import { refusal, welcome, type Target } from './target.ts';

/** Servers that believe claims which they should have questioned. */
export const claimsTargets: readonly Target[] = [
  {
    name: 'jose-without-required-claims',
    flaw: 'jwtVerify() looks at exp only where there is one, and "requiredClaims" was not set',
    finds: ['claims/exp-missing'],
    runs: ['claims/'],
    carrier: 'bearer',
    start: async (house) => {
      const { issuer, audience } = house;
      const key = await importJWK(house.jwk, house.alg);
      return openWeak(house, async (request) => {
        const token = signedTokenOf(bearerOf(request), house);
        const { payload } = await jwtVerify(token, key, { issuer, audience, typ: 'at+jwt' });
        const isOtherwiseSound = hasHonestClaims(payload, house, ['exp', 'life']);
        return payload.exp === undefined && isOtherwiseSound ? payload : undefined;
      });
    },
  },
  {
    name: 'jsonwebtoken-without-max-age',
    flaw: 'jsonwebtoken with issuer and audience, but no bound on how long the issuer may let a token live',
    finds: ['claims/exp-milliseconds', 'claims/exp-in-a-century', 'claims/exp-in-a-year'],
    runs: ['claims/'],
    carrier: 'bearer',
    alg: 'ES256',
    start: (house) =>
      openWeak(house, (request) => {
        const token = signedTokenOf(bearerOf(request), house);
        const { issuer, audience, pem } = house;
        const claims = jsonwebtoken.verify(token, pem, { algorithms: ['ES256'], issuer, audience });
        return typeof claims === 'object' && hasHonestClaims(claims, house, ['life']) ? claims : undefined;
      }),
  },
  {
    name: 'fast-jwt-and-iat',
    flaw: 'fast-jwt verifies signature, issuer, audience and exp; nobody looks at iat',
    finds: ['claims/iat-tomorrow', 'claims/iat-in-ten-minutes', 'claims/iat-', 'claims/exp-before-iat'],
    runs: ['claims/'],
    carrier: 'bearer',
    start: (house) => {
      const { pem, issuer, audience } = house;
      const check = createVerifier({
        key: pem,
        algorithms: ['EdDSA'],
        allowedIss: issuer,
        allowedAud: audience,
      });
      return openWeak(house, (request) => {
        const token = signedTokenOf(bearerOf(request), house);
        check(token);
        const claims = opened(token, 1);
        return hasHonestClaims(claims, house, ['iat']) ? claims : undefined;
      });
    },
  },
  {
    name: 'jsonwebtoken-and-list',
    flaw: 'if (claims.exp < now) throw: of a list every claim is undefined, and no comparison is true',
    finds: ['claims/payload-list', 'claims/payload-empty-list'],
    runs: ['claims/'],
    carrier: 'bearer',
    alg: 'ES256',
    start: (house) =>
      openWeak(house, (request) => {
        const token = signedTokenOf(bearerOf(request), house);
        const claims: unknown = jsonwebtoken.verify(token, house.pem, { algorithms: ['ES256'] });
        return Array.isArray(claims) ? {} : undefined;
      }),
  },
  lax({
    name: 'exp-compared-if-truthy',
    flaw: 'if (claims.exp && claims.exp < now) throw: what is no number is never less',
    finds: ['claims/exp-null', 'claims/exp-text', 'claims/exp-'],
    without: ['exp'],
    isPassed: ({ exp }) => {
      const isPast = exp !== undefined && exp !== null && (exp as number) < Date.now() / 1000;
      return !exp || !isPast;
    },
  }),
  lax({
    name: 'nbf-never-read',
    flaw: 'nbf is not among the claims that were thought of',
    finds: ['claims/nbf-tomorrow', 'claims/nbf-'],
    without: ['nbf'],
  }),
  lax({
    name: 'nobody-is-somebody',
    flaw: 'users are looked up by sub, and the lookup of a missing one falls back to a guest',
    finds: ['claims/sub-missing', 'claims/sub-empty', 'claims/sub-'],
    without: ['sub'],
    isPassed: ({ sub }) => typeof sub !== 'string' || sub.trim() === '',
  }),
  lax({
    name: 'utf8-replaced',
    flaw: 'toString("utf8") turns every broken byte into the same U+FFFD: two subjects become one',
    finds: ['claims/text-utf8-'],
    without: ['sub'],
    isPassed: ({ sub }) => String(sub).includes('\ufffd'),
  }),
  lax({
    name: 'claims-copied-with-assign',
    flaw: 'Object.assign({}, claims) sets the prototype where a claim is named __proto__',
    finds: ['claims/claims-of-prototype'],
    read: (text) => Object.assign<JsonObject, JsonObject | undefined>({}, parseObject(text)),
  }),
  lax({
    name: 'claims-read-by-pattern',
    flaw: 'a gateway reads claims with a regular expression: the first of two, at any depth',
    finds: ['claims/first-', 'claims/claims-', 'claims/nbf-null', 'claims/nbf-list'],
    read: (text) => {
      const found = [...text.matchAll(/"(\w+)":("[^"\\]*"|\d+)/g)].reverse();
      const claims = found.map(([, name = '', value = '']) => [name, JSON.parse(value) as unknown] as const);
      return parseObject(text) && Object.fromEntries(claims);
    },
  }),
  lax({
    name: 'json-with-comments',
    flaw: 'the parser of the configuration files, which forgives commas and comments, parses tokens too',
    finds: ['claims/text-trailing-comma', 'claims/text-comment'],
    read: (text) => parseObject(text.replace(/\/\*.*?\*\//g, '').replace(/,\s*\}$/, '}')),
  }),
  lax({
    name: 'claim-names-without-case',
    flaw: 'a decoder that matches names without case (as encoding/json of Go does): the last of them counts',
    finds: ['claims/exp-of-other-case'],
    read: (text) =>
      Object.fromEntries(
        Object.entries(parseObject(text) ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
      ),
  }),
  {
    name: 'scope-includes',
    flaw: 'claims.scope.includes("read") looks for a word in a text, not in a list of words',
    finds: ['claims/scope-longer-word', 'claims/scope-prefixed-word', 'claims/scope-'],
    runs: ['claims/'],
    carrier: 'bearer',
    start: (house) => ({
      handle: (request) => {
        const claims = strictly(house, bearerOf(request) ?? '');
        if (claims === undefined) return refusal;
        const { scope } = claims;
        return typeof scope === 'string' && scope.includes('read') ? welcome(claims) : { status: 403 };
      },
    }),
  },
];

interface Lax extends Pick<Target, 'name' | 'finds'> {
  readonly flaw: string;
  /** What is not checked of the claims as a strict server would, and what is looked at instead. */
  readonly without?: readonly Check[];
  readonly isPassed?: (claims: JsonObject) => boolean;
  readonly read?: (text: string) => JsonObject | undefined;
}

/** A server whose flaw is how it reads or checks claims; text, header and signature are checked as they should be. */
function lax({ name, flaw, finds, without = [], isPassed = () => true, read = parseObject }: Lax): Target {
  return {
    name,
    flaw,
    finds,
    runs: ['claims/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, (request) => {
        const token = signedTokenOf(bearerOf(request), house);
        const claims = read(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
        const isHonest = claims !== undefined && isPassed(claims) && hasHonestClaims(claims, house, without);
        return isHonest ? claims : undefined;
      }),
  };
}

/** A token of which all but the claims is in order. */
function signedTokenOf(token = '', house: House): string {
  const isSigned = hasStrictText(token) && hasHonestHeader(token, house) && hasSignature(token, house);
  if (!isSigned) throw new TypeError('unexpected token');
  return token;
}
