import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import type { JsonObject } from '../../src/json.ts';
import type { House } from './house.ts';
import { hasHonestClaims, hasHonestHeader, hasSignature, hasStrictText, opened } from './strict.ts';
import { openStrong } from './strong.ts';
import { welcome, type Seen, type Target } from './target.ts';

/** What is checked of a proof. */
export type Check = 'type' | 'method' | 'url' | 'time' | 'id' | 'once' | 'token' | 'key';

/** Servers that check a proof, but for one thing. */
export const proofTargets: readonly Target[] = [
  forgetful('proof-type', 'any JWT of the right key is taken for a proof: typ is not looked at', 'type', [
    'proof/type-',
  ]),
  forgetful('proof-method', 'htm is not compared', 'method', ['proof/method-', 'proof/get-for-head']),
  forgetful('proof-url', 'htu is not compared', 'url', [
    'proof/url-',
    'proof/forwarded-host',
    'proof/host-header',
    'proof/forwarded-',
    'proof/original-url',
  ]),
  forgetful('proof-time', 'iat is not looked at', 'time', ['proof/time-']),
  forgetful('proof-id', 'jti is stored if it is there, and not asked for', 'id', [
    'proof/id-missing',
    'proof/id-',
  ]),
  forgetful('proof-replay', 'proofs are verified and never remembered', 'once', ['proof/replayed']),
  forgetful('proof-token-hash', 'ath is not compared, as in early drafts', 'token', ['proof/token-hash-']),
  forgetful(
    'proof-key',
    'the proof is verified by its own key, and that is not compared with the token',
    'key',
    ['proof/key-of-ours', 'proof/binding-', 'proof/other-token-own-key'],
  ),
  bareToken('bound-as-bearer', 'the bearer middleware in front knows nothing of cnf', 'bearer', [
    'proof/as-bearer',
    'proof/binding-empty-as-bearer',
    'proof/binding-',
    'proof/certificate-',
  ]),
  bareToken('bound-without-proof', 'the proof is verified if there is one', 'dpop', [
    'proof/without-proof',
    'proof/empty-proof',
    'proof/proof-in-query-',
  ]),
];

function forgetful(name: string, flaw: string, without: Check, finds: readonly string[]): Target {
  return {
    name,
    flaw,
    finds,
    runs: ['proof/'],
    carrier: 'dpop',
    start: (house) => openForgetful(house, without),
  };
}

/** The strong server, and beside it a verifier as people write it around jose, without one check. */
async function openForgetful(house: House, without: Check): ReturnType<typeof openStrong> {
  const { handle, ...rest } = await openStrong(house);
  const seen = new Set<string>();
  return {
    ...rest,
    handle: async (request) => {
      const isNew = note(request, seen);
      const answer = await handle(request);
      if (answer.status === 200 || (!isNew && without !== 'once')) return answer;
      const claims = await letIn(request, { house, without }).catch(() => undefined);
      return claims === undefined ? answer : welcome(claims);
    },
  };
}

/** Remembers a proof by its claims; false if it was seen before. */
function note(request: Seen, seen: Set<string>): boolean {
  const id = String(opened(proofOf(request) ?? '', 1)?.['jti']);
  const isNew = id === 'undefined' || !seen.has(id);
  seen.add(id);
  return isNew;
}

/** How a verifier of proofs differs from a right one. */
export interface Lenient {
  readonly house: House;
  readonly without?: Check;
  /** The text is not held to one spelling. */
  readonly spelling?: 'any';
  /** The proof it looks at, where several came. */
  readonly proofOf?: (request: Seen) => string | undefined;
  readonly urlOf?: (request: Seen) => string;
  /** A token without a thumbprint is bound to nothing. */
  readonly binding?: 'optional';
}

/** Verifies a request as people write it around jose, but for what is lenient. It throws where jose does. */
export async function letIn(request: Seen, lenient: Lenient): Promise<JsonObject | undefined> {
  const { house, without, binding } = lenient;
  const token = /^DPoP ([\w.-]+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const proof = (lenient.proofOf ?? proofOf)(request) ?? '';
  const claims = opened(token, 1);
  const isText = lenient.spelling === 'any' || hasStrictText(proof);
  if (!isGenuine(token, house) || claims === undefined || !isText || bringsTwoTokens(request))
    return undefined;
  const typ = without === 'type' ? {} : { typ: 'dpop+jwt' };
  const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
    ...typ,
    algorithms: ['EdDSA', 'ES256', 'RS256'],
  });
  const { jwk = {} } = protectedHeader;
  const thumbprint = await calculateJwkThumbprint(jwk);
  const { jkt } = (claims['cnf'] ?? {}) as { jkt?: string };
  const url = lenient.urlOf?.(request) ?? `${house.audience}${request.url}`;
  const checks: Readonly<Record<Exclude<Check, 'type' | 'once'>, boolean>> = {
    method: payload['htm'] === request.method,
    url: payload['htu'] === url,
    time: typeof payload.iat === 'number' && Math.abs(payload.iat - Date.now() / 1000) < 30,
    id: typeof payload.jti === 'string' && payload.jti !== '',
    token: payload['ath'] === createHash('sha256').update(token).digest('base64url'),
    key: jkt === thumbprint || (binding === 'optional' && !jkt),
  };
  const isWhole = Object.entries(checks).every(([name, isRight]) => isRight || name === without);
  return isWhole && !('d' in jwk) ? claims : undefined;
}

function isGenuine(token: string, house: House): boolean {
  const isText = hasStrictText(token) && hasHonestHeader(token, house);
  return isText && hasSignature(token, house) && hasHonestClaims(opened(token, 1), house, ['crr']);
}

/** Every proof of a request. */
export function proofsOf({ rawHeaders }: Seen): readonly string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'dpop');
}

function proofOf(request: Seen): string | undefined {
  const [proof, ...more] = proofsOf(request);
  return more.length === 0 ? proof : undefined;
}

function bareToken(name: string, flaw: string, scheme: 'bearer' | 'dpop', finds: readonly string[]): Target {
  return {
    name,
    flaw,
    finds,
    runs: ['proof/'],
    carrier: 'dpop',
    start: async (house) => {
      const { handle, ...rest } = await openStrong(house);
      return {
        ...rest,
        handle: async (request) => {
          const [given = '', token = ''] = (request.headers.authorization ?? '').split(' ');
          const isBare = scheme === 'bearer' || (proofOf(request) ?? '') === '';
          const isIn =
            given.toLowerCase() === scheme && isBare && isGenuine(token, house) && !bringsTwo(request);
          return isIn ? welcome(opened(token, 1) ?? {}) : handle(request);
        },
      };
    },
  };
}

function bringsTwoTokens({ rawHeaders }: Seen): boolean {
  return rawHeaders.filter((name, at) => at % 2 === 0 && /^authorization$/i.test(name)).length > 1;
}

function bringsTwo({ rawHeaders }: Seen): boolean {
  return rawHeaders.filter((name, at) => at % 2 === 0 && /^(authorization|dpop)$/i.test(name)).length > 2;
}
