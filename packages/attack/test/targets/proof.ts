import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import type { JsonObject } from '../../src/json.ts';
import type { House } from './house.ts';
import { hasHonestClaims, hasHonestHeader, hasSignature, hasStrictText, opened } from './strict.ts';
import { openStrong } from './strong.ts';
import { welcome, type Seen, type Target } from './target.ts';

/** What is checked of a proof. */
type Check = 'type' | 'method' | 'url' | 'time' | 'id' | 'once' | 'token' | 'key';

/** Servers that check a proof, but for one thing. */
export const proofTargets: readonly Target[] = [
  forgetful('proof-type', 'any JWT of the right key is taken for a proof: typ is not looked at', 'type', [
    'proof/type-',
  ]),
  forgetful('proof-method', 'htm is not compared', 'method', ['proof/method-']),
  forgetful('proof-url', 'htu is not compared', 'url', [
    'proof/url-',
    'proof/forwarded-host',
    'proof/host-header',
    'proof/forwarded-standard',
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
    ['proof/key-of-ours'],
  ),
  bareToken('bound-as-bearer', 'the bearer middleware in front knows nothing of cnf', 'bearer', [
    'proof/as-bearer',
  ]),
  bareToken('bound-without-proof', 'the proof is verified if there is one', 'dpop', [
    'proof/without-proof',
    'proof/empty-proof',
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

async function letIn(request: Seen, at: { house: House; without: Check }): Promise<JsonObject | undefined> {
  const token = /^DPoP ([\w.-]+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const proof = proofOf(request) ?? '';
  const claims = opened(token, 1);
  if (!isGenuine(token, at.house) || claims === undefined || !hasStrictText(proof)) return undefined;
  const typ = at.without === 'type' ? {} : { typ: 'dpop+jwt' };
  const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
    ...typ,
    algorithms: ['EdDSA', 'ES256', 'RS256'],
  });
  const { jwk = {} } = protectedHeader;
  const thumbprint = await calculateJwkThumbprint(jwk);
  const cnf = claims['cnf'] as { jkt?: string } | undefined;
  const checks: Readonly<Record<Exclude<Check, 'type' | 'once'>, boolean>> = {
    method: payload['htm'] === request.method,
    url: payload['htu'] === `${at.house.audience}${request.url}`,
    time: typeof payload.iat === 'number' && Math.abs(payload.iat - Date.now() / 1000) < 30,
    id: typeof payload.jti === 'string' && payload.jti !== '',
    token: payload['ath'] === createHash('sha256').update(token).digest('base64url'),
    key: cnf?.jkt === thumbprint,
  };
  const isWhole = Object.entries(checks).every(([name, isRight]) => isRight || name === at.without);
  return isWhole && !('d' in jwk) ? claims : undefined;
}

function isGenuine(token: string, house: House): boolean {
  const isText = hasStrictText(token) && hasHonestHeader(token, house);
  return isText && hasSignature(token, house) && hasHonestClaims(opened(token, 1), house, ['crr']);
}

function proofOf({ rawHeaders }: Seen): string | undefined {
  const proofs = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'dpop');
  return proofs.length === 1 ? proofs[0] : undefined;
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

function bringsTwo({ rawHeaders }: Seen): boolean {
  return rawHeaders.filter((name, at) => at % 2 === 0 && /^(authorization|dpop)$/i.test(name)).length > 2;
}
