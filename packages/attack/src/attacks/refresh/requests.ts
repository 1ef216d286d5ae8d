import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { forgeProof, type Credential } from '../../credentials/credential.ts';
import { replyHeader, type Exchange, type HeaderList, type RequestParts } from '../../http/exchange.ts';
import { openJws } from '../../forge.ts';
import { parseObject, type JsonObject } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';
import type { RefreshChange } from '../../credentials/refresh-request.ts';
import { accepted, inconclusive, Missing, refused, type Judgement } from '../../run/verdict.ts';
import { isAuthenticated, judge, nextOf, redeem, refreshFamily, session } from './redeem.ts';

/** Proofs for something else than this refresh: a claim each. */
const proofs: Readonly<Record<string, (lab: Lab) => JsonObject>> = {
  'of-another-endpoint': (lab) => ({ htu: lab.url }),
  'of-another-method': () => ({ htm: 'GET' }),
  'of-an-hour-ago': (lab) => ({ iat: Math.floor(lab.now() / 1000) - 3600 }),
  'of-tomorrow': (lab) => ({ iat: Math.floor(lab.now() / 1000) + 86_400 }),
  'without-id': () => ({ jti: undefined }),
};

/** Refreshes that are honest but for one thing in the request. */
export const refreshRequests: readonly Attack[] = attacks(refreshFamily, [
  {
    name: 'newest-after-reuse',
    title: 'the newest refresh token, after one of two generations ago came back',
    why: 'Two have the token, and one of them is a thief: nobody knows which. If the session goes on, the thief may be in it.',
    fix: 'End the session when an old refresh token comes back (RFC 9700 section 4.14).',
    run: newestAfterReuse,
  },
  {
    name: 'without-proof',
    title: 'a refresh without the proof that belongs to it',
    needs: ['dpop'],
    run: (lab) =>
      redeemed(lab, (request) => {
        if (isAuthenticated(request))
          throw new Missing('dpop', 'a client that authenticates may leave its key (RFC 9449 section 5)');
        return { ...request, headers: without(request, 'dpop') };
      }),
  },
  ...Object.entries(proofs).map(proofRow),
  {
    name: 'proof-again',
    title: 'a second refresh with the proof of the first',
    needs: ['dpop'],
    run: proofAgain,
  },
  {
    name: 'without-client',
    title: 'a refresh by a client that does not authenticate, though it should',
    run: (lab) =>
      redeemed(lab, (request) => {
        if (!isAuthenticated(request))
          throw new Missing('refresh', 'the client has nothing to authenticate with');
        const kept = withForm(request, { client_secret: undefined, client_assertion: undefined });
        return { ...kept, headers: without(kept, 'authorization') };
      }),
  },
  {
    name: 'other-client',
    title: 'a refresh in the name of another client',
    run: (lab) =>
      redeemed(lab, (request) => {
        if (!formOf(request).has('client_id')) throw new Missing('refresh', 'the request names no client');
        return withForm(request, { client_id: 'evil' });
      }),
  },
  {
    name: 'in-query',
    title: 'a refresh token in the query of a GET',
    maps: { asvs50: ['14.2.1'], rfc9700: ['4.3.2'], cwe: ['CWE-598'] },
    why: 'What stands in a URL stands in histories and logs: the refresh token leaks.',
    fix: 'Take refresh tokens in the body of a POST alone.',
    run: (lab) =>
      redeemed(lab, ({ url, headers, body = '' }) => ({ url: `${url}?${body}`, method: 'GET', headers })),
  },
  {
    name: 'wider-scope',
    title: 'a refresh that asks for more scope than was granted',
    why: 'A refresh token becomes a key to what its owner never allowed.',
    fix: 'Grant at most what the session has (RFC 6749 section 6).',
    run: widerScope,
  },
  {
    name: 'other-audience',
    title: 'a refresh that asks for a token for an audience of ours',
    maps: { asvs50: ['10.3.1'], rfc9700: ['2.3'], cwe: ['CWE-294'] },
    run: otherAudience,
  },
  {
    name: 'kept-by-caches',
    title: 'may the answer with new tokens be kept by a cache?',
    maps: {
      asvs401: ['8.2.1'],
      asvs403: ['8.2.1'],
      asvs50: ['14.3.2'],
      rfc9700: ['2.6'],
      cwe: ['CWE-525', 'CWE-524'],
    },
    why: 'Whoever reads the cache has the tokens.',
    fix: 'Cache-Control: no-store on every answer that holds a token (RFC 6749 section 5.1).',
    run: keptByCaches,
  },
]);

function proofRow([name, claims]: [string, (lab: Lab) => JsonObject]): Row {
  return {
    name: `proof-${name}`,
    title: `a refresh with a proof ${name.replaceAll('-', ' ')}`,
    needs: ['dpop'],
    run: async (lab) => {
      const { credential, token } = await session(lab);
      const change: RefreshChange = (request, nonce) => {
        const proof = proofBy(credential, { lab, request, claims: { ...claims(lab), nonce } });
        return { ...request, headers: [...without(request, 'dpop'), ['DPoP', proof]] };
      };
      return judge(await lab.refresh(credential, token, change));
    },
  };
}

function proofBy(
  { carrier }: Credential,
  { lab, request, claims }: { lab: Lab; request: RequestParts; claims: JsonObject },
): string {
  if (carrier.kind !== 'dpop') throw new Missing('dpop', 'the token is not bound');
  const { url, method } = request;
  const iat = Math.floor(lab.now() / 1000);
  const of = { method, url, token: undefined, iat, jti: lab.random.id() };
  return forgeProof(carrier.key, of, { payload: claims });
}

async function redeemed(lab: Lab, change: RefreshChange): Promise<Judgement> {
  const { credential, token } = await session(lab);
  return judge(await lab.refresh(credential, token, change));
}

async function newestAfterReuse(lab: Lab): Promise<Judgement> {
  const { credential, token } = await session(lab);
  const first = await redeem(lab, { credential, token });
  if (isAuthenticated(first.request) || credential.carrier.kind === 'dpop')
    throw new Missing('refresh', 'the refresh token is of no use to a thief alone (RFC 9700 section 2.2.2)');
  const second = nextOf(first);
  if (second === token) throw new Missing('refresh', 'refresh tokens do not rotate here');
  const third = second === undefined ? undefined : nextOf(await redeem(lab, { credential, token: second }));
  if (third === undefined) return inconclusive('an honest refresh brought no next refresh token');
  await redeem(lab, { credential, token });
  return judge(await redeem(lab, { credential, token: third }));
}

async function proofAgain(lab: Lab): Promise<Judgement> {
  const { credential, token } = await session(lab);
  const first = await lab.refresh(credential, token);
  const next = nextOf(first);
  if (next === undefined) return inconclusive('an honest refresh brought no next refresh token', first);
  const used = first.request.headers.filter(([name]) => name.toLowerCase() === 'dpop');
  const change: RefreshChange = (request) => ({
    ...request,
    headers: [...without(request, 'dpop'), ...used],
  });
  return judge(await lab.refresh(credential, next, change));
}

async function widerScope(lab: Lab): Promise<Judgement> {
  const { credential, token } = await session(lab);
  const asked = 'admin write:all evil.scope';
  const change: RefreshChange = (request) => withForm(request, { scope: asked });
  const exchange = await lab.refresh(credential, token, change);
  const { scope, access_token: text } = answerOf(exchange);
  const granted = [scope, openJws(String(text))?.payload['scope']].join(' ').split(' ');
  return asked.split(' ').some((each) => granted.includes(each))
    ? accepted('scope was granted that the session does not have', exchange)
    : refused('no more scope was granted', exchange);
}

async function otherAudience(lab: Lab): Promise<Judgement> {
  const { credential, token } = await session(lab);
  const evil = 'https://evil.example/api';
  const change: RefreshChange = (request) => withForm(request, { resource: evil, audience: evil });
  const exchange = await lab.refresh(credential, token, change);
  const { aud } = openJws(String(answerOf(exchange)['access_token']))?.payload ?? {};
  return [aud].flat().includes(evil)
    ? accepted(`a token for ${evil} was issued`, exchange)
    : refused('no token for that audience was issued', exchange);
}

async function keptByCaches(lab: Lab): Promise<Judgement> {
  const exchange = await redeem(lab, await session(lab));
  const { reply } = exchange;
  if (reply.kind !== 'answer' || reply.status >= 300)
    return inconclusive('an honest refresh was not answered', exchange);
  const control = replyHeader(reply, 'cache-control');
  return /\bno-store\b/i.test(control ?? '')
    ? refused('no cache may keep it', exchange)
    : accepted(`Cache-Control is ${control ?? 'missing'}`, exchange);
}

function answerOf({ reply }: Exchange): JsonObject {
  const isGiven = reply.kind === 'answer' && reply.status < 300;
  return (isGiven ? parseObject(reply.body) : undefined) ?? {};
}

function without({ headers }: RequestParts, name: string): HeaderList {
  return headers.filter(([each]) => each.toLowerCase() !== name);
}

function formOf({ body = '' }: RequestParts): URLSearchParams {
  return new URLSearchParams(body);
}

function withForm(
  request: RequestParts,
  members: Readonly<Record<string, string | undefined>>,
): RequestParts {
  const form = formOf(request);
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) form.delete(name);
    else form.set(name, value);
  }
  return { ...request, body: form.toString() };
}
