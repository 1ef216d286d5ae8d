import { randomBytes } from 'node:crypto';
import { verifyProof, type VerifiedProof } from '@symbolon/token';
import type { Credential } from '../../src/credentials/credential.ts';
import type { AttackOptions } from '../../src/options.ts';
import { refreshRequests } from '../../src/credentials/refresh-request.ts';
import type { House } from './house.ts';
import { opened } from './strict.ts';
import { openStrong } from './strong.ts';
import type { Answer, Opened, Seen, Target } from './target.ts';

/** What an issuer whose proofs need nonces gets wrong. */
interface Mistakes {
  /** Whose proof it is nobody compares with whose token it is. */
  readonly anyKey?: true;
  /** A proof is good until its nonce is over. */
  readonly proofsAgain?: true;
}

/** Issuers that look at nothing before the proof has their nonce: whoever knows no nonces sees refusals alone. */
export const noncedRefreshTargets: readonly Target[] = [
  nonced(
    {
      name: 'refresh-by-any-key',
      flaw: 'the proof is verified, and whose key it is nobody asks',
      finds: ['refresh/other-key'],
    },
    { anyKey: true },
  ),
  nonced(
    {
      name: 'refresh-proof-again',
      flaw: 'a nonce is a minute long, and no proof is remembered',
      finds: ['refresh/proof-again'],
    },
    { proofsAgain: true },
  ),
];

/** A strong issuer whose proofs need nonces. */
export const strongNoncedRefresh: Target = nonced({ name: 'strong-nonced-refresh', finds: [] }, {});

function nonced(target: Pick<Target, 'name' | 'flaw' | 'finds'>, mistakes: Mistakes): Target {
  const start = (house: House): Promise<Opened> => open(house, mistakes);
  return { ...target, runs: ['refresh/'], carrier: 'dpop', start };
}

interface Grant {
  readonly jkt: string;
  readonly sid: string;
  isUsed: boolean;
}

interface Desk {
  readonly house: House;
  readonly mistakes: Mistakes;
  readonly nonce: string;
  readonly grants: Map<string, Grant>;
  readonly seen: Set<string>;
}

async function open(house: House, mistakes: Mistakes): Promise<Opened> {
  const { handle, ...rest } = await openStrong(house);
  const nonce = randomBytes(12).toString('base64url');
  const desk: Desk = { house, mistakes, nonce, grants: new Map(), seen: new Set() };
  return {
    ...rest,
    handle: (request) => (request.url === '/refresh' ? refresh(desk, request) : handle(request)),
    options: optionsOf(desk),
  };
}

async function refresh(desk: Desk, request: Seen): Promise<Answer> {
  const { house, mistakes, grants, seen } = desk;
  if (request.method !== 'POST') return { status: 405 };
  const text = proofsOf(request);
  const proof = await verified(text, house);
  if (proof === undefined) return refusedBy('invalid_dpop_proof');
  if (proof.nonce !== desk.nonce)
    return { ...refusedBy('use_dpop_nonce'), headers: { 'dpop-nonce': desk.nonce } };
  if (seen.has(proof.jti) && mistakes.proofsAgain !== true) return refusedBy('invalid_dpop_proof');
  seen.add(proof.jti);
  const form = new URLSearchParams(request.body);
  const token = form.get('refresh_token') ?? '';
  const grant = grants.get(token);
  const isOwn = proof.thumbprint === grant?.jkt || mistakes.anyKey === true;
  if (grant === undefined || grant.isUsed || !isOwn || form.get('client_id') !== 'app')
    return refusedBy('invalid_grant');
  grant.isUsed = true;
  const { token: renewed } = await house.minted({ sid: grant.sid }).get();
  const answer = { access_token: renewed, refresh_token: granted(grants, grant), token_type: 'DPoP' };
  return { status: 200, headers: { 'cache-control': 'no-store' }, body: JSON.stringify(answer) };
}

async function verified(texts: readonly string[], { audience }: House): Promise<VerifiedProof | undefined> {
  const [text, ...more] = texts;
  if (text === undefined || more.length > 0) return undefined;
  const expected = {
    method: 'POST',
    url: `${audience}/refresh`,
    tokenHash: undefined,
    now: Date.now() / 1000,
  };
  return verifyProof(text, expected).catch(() => undefined);
}

function proofsOf({ rawHeaders }: Seen): readonly string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'dpop');
}

function granted(grants: Desk['grants'], { jkt, sid }: Pick<Grant, 'jkt' | 'sid'>): string {
  const token = randomBytes(24).toString('base64url');
  grants.set(token, { jkt, sid, isUsed: false });
  return token;
}

function optionsOf({ house, grants }: Desk): Partial<AttackOptions> {
  const get = async (): Promise<Credential> => {
    const credential = await house.minted().get();
    const claims = opened(credential.token, 1) ?? {};
    const { jkt = '' } = claims['cnf'] as { readonly jkt?: string };
    return { ...credential, refreshToken: granted(grants, { jkt, sid: String(claims['sid']) }) };
  };
  return {
    honest: { isFresh: true, get },
    refreshRequest: refreshRequests({ endpoint: `${house.audience}/refresh`, clientId: 'app' }),
  };
}

function refusedBy(error: string): Answer {
  return { status: 400, body: JSON.stringify({ error }) };
}
