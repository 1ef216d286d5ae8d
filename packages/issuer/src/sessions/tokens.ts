import {
  AuthError,
  signSessionToken,
  type AlgorithmName,
  type SessionTokenClaims,
  type SigningKey,
} from '@symbolon/token';
import { newId } from '../random.ts';
import type { RefreshTokens } from './refresh-tokens.ts';
import { refreshAlg } from '../keys/signing-keys.ts';
import type { SessionRow } from '../storage/port/rows.ts';
import type { Issue, SignWith } from '../storage/port/decisions.ts';

/** What a holder gets (RFC 6749 section 5.1), with the session's id and the generation of the refresh token. */
export interface IssuedTokens {
  readonly access_token: string;
  readonly token_type: 'DPoP' | 'Bearer';
  readonly expires_in: number;
  readonly scope?: string;
  readonly sid: string;
  readonly refresh_token?: string;
  readonly generation?: number;
}

/** Signs what a deciding statement decided, for a token life in seconds. */
export type Mint = (issue: Issue, tokenLife: number) => Promise<IssuedTokens>;

const microseconds = 1_000_000;
/** A bearer token is good in anybody's hands, so it lives no longer than this, in seconds. */
export const maxBearerLife = 300;

/**
 * Makes the function that signs tokens: only while the store's head is seen to move, so that a replica that
 * was cut off from the primary makes nothing that an end it has not heard of should have stopped.
 *
 * Its promise rejects with AuthError `issuer_cut_off` then.
 */
export function createMint(options: {
  issuer: string;
  signer: (kid: string) => Promise<SigningKey>;
  refreshTokens: RefreshTokens;
  becomesLive: () => Promise<boolean>;
}): Mint {
  const { becomesLive, ...signing } = options;
  return async (issue, tokenLife) => {
    if (!(await becomesLive())) throw new AuthError('issuer_cut_off', { detail: { retryAfter: 1 } });
    return issueTokens(issue, { ...signing, tokenLife });
  };
}

interface Signing {
  readonly issuer: string;
  readonly signer: (kid: string) => Promise<SigningKey>;
  readonly refreshTokens: RefreshTokens;
}

/** The algorithms a decision must name keys for. */
export function signWith(alg: AlgorithmName): SignWith {
  return { session: alg, refresh: refreshAlg };
}

/**
 * Signs what a deciding statement decided: times, generation and keys are the statement's, not this moment's.
 *
 * A refresh token goes only to the holder of a person's session, and to a browser that is not bound to its device.
 */
async function issueTokens(issue: Issue, options: Signing & { tokenLife: number }): Promise<IssuedTokens> {
  const { session } = issue;
  const claims = sessionClaims(issue, options);
  const accessToken = await signSessionToken(claims, await options.signer(issue.sessionKid));
  return {
    access_token: accessToken,
    token_type: session.jkt === null ? 'Bearer' : 'DPoP',
    expires_in: claims.exp - claims.iat,
    ...(session.scope === '' ? {} : { scope: session.scope }),
    sid: session.sid,
    ...(isRefreshed(session) ? await refreshPart(issue, options) : {}),
  };
}

/** A machine comes back with its assertion, a bearer with its application, a bound browser with its device's signature. */
function isRefreshed({ kind, jkt, deviceKey }: SessionRow): boolean {
  return kind === 'browser' ? deviceKey === null : kind === 'person' && jkt !== null;
}

function sessionClaims(issue: Issue, options: { issuer: string; tokenLife: number }): SessionTokenClaims {
  const { session } = issue;
  const iat = Math.floor(issue.now / microseconds);
  const end = Math.floor(session.absoluteExpiresAt / microseconds);
  const carrier = carrierOf(session);
  const life = carrier.crr === 'bearer' ? Math.min(options.tokenLife, maxBearerLife) : options.tokenLife;
  return {
    iss: options.issuer,
    sub: session.subject,
    aud: session.audience,
    client_id: session.clientId,
    iat,
    exp: Math.min(iat + life, end),
    jti: newId(),
    sid: session.sid,
    sst: session.startedAt,
    sh: session.handle,
    ...(session.authenticatedAt === null
      ? {}
      : { auth_time: Math.floor(session.authenticatedAt / microseconds) }),
    ...(session.amr === null || session.amr.length === 0 ? {} : { amr: session.amr }),
    ...(session.scope === '' ? {} : { scope: session.scope }),
    ...carrier,
  };
}

function carrierOf(session: SessionRow): Pick<SessionTokenClaims, 'cnf' | 'crr'> {
  if (session.kind === 'browser') return { crr: 'cookie' };
  return session.jkt === null ? { crr: 'bearer' } : { cnf: { jkt: session.jkt } };
}

async function refreshPart(
  issue: Issue,
  options: Signing,
): Promise<{ refresh_token: string; generation: number }> {
  const { sid, generation, absoluteExpiresAt } = issue.session;
  const exp = Math.floor(absoluteExpiresAt / microseconds);
  const key = await options.signer(issue.refreshKid);
  return {
    refresh_token: await options.refreshTokens.sign({ iss: options.issuer, sid, gen: generation, exp }, key),
    generation,
  };
}
