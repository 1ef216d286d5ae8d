import { expressjwt, type Request as ExpressRequest } from 'express-jwt';
import { importJWK, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import type { JsonObject } from '../../src/json.ts';
import { gatewayTargets } from './gateway.ts';
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
import { openWeak, type Flaw } from './strong.ts';
import type { Seen, Target } from './target.ts';

/** Servers that let in what was made for somebody else, or nobody. */
export const audienceTargets: readonly Target[] = [
  {
    name: 'express-jwt-without-audience',
    flaw: 'express-jwt as its quick start has it: secret and algorithms, and the issuer as an afterthought',
    finds: ['audience/aud-', 'audience/of-elsewhere', 'claims/first-aud-of-two'],
    runs: ['audience/', 'claims/first-'],
    carrier: 'bearer',
    alg: 'ES256',
    start: (house) => {
      const check = expressjwt({ secret: house.pem, algorithms: ['ES256'], issuer: house.issuer });
      return openWeak(house, async (request) => {
        const token = tokenOf(request, house);
        const seen = {
          headers: { authorization: `Bearer ${token}` },
          method: 'GET',
        } as unknown as ExpressRequest;
        let refusedFor: unknown;
        await check(seen, {} as never, (error?: unknown) => {
          refusedFor = error;
        });
        if (refusedFor !== undefined) return undefined;
        return honest(house, { claims: seen.auth, without: ['aud'] });
      });
    },
  },
  {
    name: 'jsonwebtoken-audience-pattern',
    flaw: 'jsonwebtoken takes patterns as audience, and this one has no end and no beginning',
    finds: ['audience/aud-longer', 'audience/aud-contained', 'audience/aud-'],
    runs: ['audience/'],
    carrier: 'bearer',
    alg: 'ES256',
    start: (house) => {
      const audience = new RegExp(house.audience);
      return openWeak(house, (request) => {
        const token = tokenOf(request, house);
        const claims = jsonwebtoken.verify(token, house.pem, { algorithms: ['ES256'], audience });
        return typeof claims === 'object' ? honest(house, { claims, without: ['aud'] }) : undefined;
      });
    },
  },
  {
    name: 'jose-without-issuer',
    flaw: 'jwtVerify() with audience and typ; there is one issuer today, so nobody names it',
    finds: ['audience/iss-', 'claims/first-iss-of-two'],
    runs: ['audience/', 'claims/first-'],
    carrier: 'bearer',
    start: async (house) => {
      const { audience } = house;
      const key = await importJWK(house.jwk, house.alg);
      return openWeak(house, async (request) => {
        const token = tokenOf(request, house);
        const { payload } = await jwtVerify(token, key, { audience, typ: 'at+jwt' });
        return honest(house, { claims: payload, without: ['iss'] });
      });
    },
  },
  {
    name: 'jose-without-typ',
    flaw: 'jwtVerify() with issuer and audience, but without "typ"',
    finds: ['audience/typ-'],
    runs: ['audience/'],
    carrier: 'bearer',
    start: async (house) => {
      const { issuer, audience } = house;
      const key = await importJWK(house.jwk, house.alg);
      return openWeak(house, async (request) => {
        const token = bearerOf(request) ?? '';
        const { payload } = await jwtVerify(token, key, { issuer, audience, algorithms: ['EdDSA'] });
        return isOfOurKey(token, house) && hasHonestClaims(payload, house) ? payload : undefined;
      });
    },
  },
  {
    name: 'one-check-for-every-kind',
    flaw: 'one function verifies whatever the issuer has signed: links in mails, logouts, proofs of identity',
    finds: ['audience/typ-', 'audience/kind-id-token-for-us', 'audience/kind-'],
    runs: ['audience/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, (request) => {
        const token = bearerOf(request) ?? '';
        const claims = opened(token, 1);
        const isSigned = isOfOurKey(token, house) && hasSignature(token, house);
        const isTyped = opened(token, 0)?.['typ'] !== 'at+jwt';
        const isHonest = isTyped && hasHonestClaims(claims, house, ['ids', 'crr', 'sub', 'jti']);
        return isSigned && isHonest ? claims : undefined;
      }),
  },
  claimed('audience-contains', {
    flaw: 'if (OWN_URL.includes(claims.aud)): the operands are in the wrong order',
    finds: ['audience/aud-beginning', 'audience/aud-first-letter', 'audience/aud-'],
    without: 'aud',
    isPassed: ({ aud }, house) => house.audience.includes(String(aud)),
  }),
  claimed('issuer-begins', {
    flaw: 'claims.iss.startsWith(ISSUER), since there were tenants in the path once',
    finds: ['audience/iss-longer', 'audience/iss-longer-host', 'audience/iss-'],
    without: 'iss',
    isPassed: ({ iss }, house) => typeof iss === 'string' && iss.startsWith(house.issuer),
  }),
  claimed('issuer-in-list', {
    flaw: '[].concat(claims.iss).includes(ISSUER) believes an issuer that names others beside itself',
    finds: ['audience/iss-list-'],
    without: 'iss',
    isPassed: ({ iss }, house) => Array.isArray(iss) && iss.includes(house.issuer),
  }),
  ...gatewayTargets,
];

interface Claimed extends Pick<Target, 'finds'> {
  readonly flaw: string;
  readonly without: Check;
  readonly isPassed: (claims: JsonObject, house: House) => boolean;
}

/** A server that checks one claim in a way of its own. */
function claimed(name: string, { flaw, finds, without, isPassed }: Claimed): Target {
  const look =
    (house: House): Flaw =>
    (request) => {
      const token = tokenOf(request, house);
      const claims = hasSignature(token, house) ? opened(token, 1) : undefined;
      return claims && isPassed(claims, house) ? honest(house, { claims, without: [without] }) : undefined;
    };
  return {
    name,
    flaw,
    finds,
    runs: ['audience/'],
    carrier: 'bearer',
    start: (house) => openWeak(house, look(house)),
  };
}

/** The token of a request, if text and header are as they should be. */
function tokenOf(request: Seen, house: House): string {
  const token = bearerOf(request) ?? '';
  if (!hasStrictText(token) || !hasHonestHeader(token, house)) throw new TypeError('unexpected token');
  return token;
}

function honest(
  house: House,
  { claims, without }: { claims: JsonObject | undefined; without: readonly Check[] },
): JsonObject | undefined {
  return hasHonestClaims(claims, house, without) ? claims : undefined;
}

function isOfOurKey(token: string, house: House): boolean {
  const { alg, kid, typ, ...more } = opened(token, 0) ?? {};
  const isPlain = Object.keys(more).length === 0 && typ !== null;
  return hasStrictText(token) && alg === house.alg && kid === house.jwk.kid && isPlain;
}
