import { openStrong } from './strong.ts';
import { letIn, proofsOf, type Lenient } from './proof.ts';
import { opened } from './strict.ts';
import { welcome, type Answer, type Handler, type Opened, type Seen, type Target } from './target.ts';
import type { House } from './house.ts';

const room = 1000;

/** Servers that verify proofs rightly, and go wrong around that. */
export const proofMemoryTargets: readonly Target[] = [
  remembering('proof-memory-full', 'the last thousand proofs are remembered, and a thousand are soon made', {
    finds: ['proof/replayed-after-many'],
    nameOf: nameOfClaims,
  }),
  remembering('proof-by-text', 'proofs are remembered by their text, and jose takes more than one spelling', {
    finds: ['proof/replayed-trailing-bits', 'proof/replayed-padding', 'proof/replayed-'],
    nameOf: ({ headers }) => String(headers['dpop']),
    lenient: { spelling: 'any' },
  }),
  remembering('proof-binding-optional', 'the thumbprint is compared if the token has one', {
    finds: ['proof/binding-'],
    nameOf: nameOfClaims,
    lenient: { binding: 'optional' },
  }),
  remembering('proof-first-of-two', 'the framework joins what comes twice, and the first part is taken', {
    finds: ['proof/two-proofs'],
    nameOf: nameOfClaims,
    lenient: { proofOf: (request) => proofsOf(request)[0] },
  }),
  remembering(
    'proof-url-from-headers',
    'the URL is put together from what the proxy says, and anybody says it',
    {
      finds: ['proof/forwarded-host', 'proof/forwarded-', 'proof/host-header'],
      nameOf: nameOfClaims,
      lenient: { urlOf: statedUrl },
    },
  ),
  remembering('proof-nonce-any', 'a nonce is asked for, and any text will do', {
    finds: ['proof/nonce-'],
    nameOf: nameOfClaims,
    before: ({ headers }) => {
      const nonce = opened(String(headers['dpop']), 1)?.['nonce'];
      return nonce === undefined ? askForNonce : undefined;
    },
  }),
  around(
    'proof-get-for-head',
    'HEAD goes the way of GET, with its method',
    ['proof/get-for-head'],
    (handle) => {
      return async (request) => {
        const answer = await handle(request);
        return answer.status === 200 || request.method !== 'HEAD'
          ? answer
          : handle({ ...request, method: 'GET' });
      };
    },
  ),
  around(
    'proof-method-override',
    'the middleware that lets forms say PUT runs first',
    ['proof/method-by-x-http-method-override'],
    (handle) => (request) => {
      const named = request.headers['x-http-method-override'];
      return handle(typeof named === 'string' ? { ...request, method: named } : request);
    },
  ),
];

const askForNonce: Answer = {
  status: 401,
  headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'WUKyJmgtqNAK1QBxhNFOmw' },
};

function nameOfClaims({ headers }: Seen): string {
  return String(opened(String(headers['dpop']), 1)?.['jti']);
}

function statedUrl({ headers, url }: Seen): string {
  const host = headers['x-forwarded-host'] ?? headers.host ?? '';
  return `${String(headers['x-forwarded-proto'] ?? 'http')}://${String(host)}${url}`;
}

interface Remembering {
  readonly finds: readonly string[];
  /** By what a proof is remembered. */
  readonly nameOf: (request: Seen) => string;
  readonly lenient?: Omit<Lenient, 'house'>;
  readonly before?: (request: Seen) => Answer | undefined;
}

function remembering(name: string, flaw: string, how: Remembering): Target {
  const start = async (house: House): Promise<Opened> => {
    const { handle, ...rest } = await openStrong(house);
    const seen = new Set<string>();
    return {
      ...rest,
      options: how.finds.includes('proof/replayed-after-many') ? { destructive: true } : {},
      handle: async (request) => {
        const asked = how.before?.(request);
        if (asked !== undefined) return asked;
        const isNew = note(how.nameOf(request), seen);
        const answer = await handle(request);
        if (answer.status === 200 || !isNew) return answer;
        const claims = await letIn(request, { house, ...how.lenient }).catch(() => undefined);
        return claims === undefined ? answer : welcome(claims);
      },
    };
  };
  return { name, flaw, finds: how.finds, runs: how.finds, carrier: 'dpop', start };
}

/** False if it was among the last that came. */
function note(name: string, seen: Set<string>): boolean {
  if (seen.has(name)) return false;
  seen.add(name);
  const [oldest] = seen;
  if (seen.size > room && oldest !== undefined) seen.delete(oldest);
  return true;
}

function around(
  name: string,
  flaw: string,
  finds: readonly string[],
  wrap: (handle: Handler) => Handler,
): Target {
  const start = async (house: House): Promise<Opened> => {
    const { handle, ...rest } = await openStrong(house);
    return { ...rest, handle: wrap(handle) };
  };
  return { name, flaw, finds, runs: ['proof/'], carrier: 'dpop', start };
}
