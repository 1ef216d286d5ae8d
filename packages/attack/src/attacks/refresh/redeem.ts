import type { Family } from '../../attack-row.ts';
import type { Credential } from '../../credentials/credential.ts';
import type { Exchange, RequestParts } from '../../http/exchange.ts';
import { parseObject } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, Missing, refused, type Judgement } from '../../run/verdict.ts';

/** What the attacks on refresh tokens have in common. */
export const refreshFamily: Family = {
  family: 'refresh',
  needs: ['refresh', 'fresh'],
  maps: {
    asvs401: ['3.5.1'],
    asvs403: ['3.5.1'],
    asvs50: ['10.4.5', '10.4.8'],
    rfc9700: ['2.2.2', '4.14'],
    cwe: ['CWE-294', 'CWE-362', 'CWE-613'],
  },
  why: 'A copied refresh token renews the session for its thief, for as long as the session may live.',
  fix: 'Bind it to client and key, let one statement decide each use, and end the session when an old one comes back.',
};

/** A session of its own, and its refresh token. */
export interface Session {
  readonly credential: Credential;
  readonly token: string;
}

/** Opens a session that may be harmed. */
export async function session(lab: Lab): Promise<Session> {
  const credential = await lab.fresh();
  const { refreshToken } = credential;
  if (refreshToken === undefined) throw new Missing('refresh', 'a fresh session brought no refresh token');
  return { credential, token: refreshToken };
}

/** Redeems a refresh token in the honest way. */
export function redeem(lab: Lab, { credential, token }: Session): Promise<Exchange> {
  return lab.refresh(credential, token);
}

/** Judges the issuer's answer to a refresh that is not honest. */
export function judge(exchange: Exchange): Judgement {
  const { reply } = exchange;
  if (reply.kind !== 'answer' || reply.status >= 500)
    return inconclusive('the issuer gave no answer', exchange);
  return reply.status < 300
    ? accepted('the issuer renewed the session', exchange)
    : refused(`answered ${reply.status}`, exchange);
}

/** The refresh token of an answer. */
export function nextOf({ reply }: Exchange): string | undefined {
  const next = reply.kind === 'answer' ? parseObject(reply.body)?.['refresh_token'] : undefined;
  return typeof next === 'string' ? next : undefined;
}

/** True if the client proves who it is: by a secret, or by an assertion. */
export function isAuthenticated({ headers, body = '' }: RequestParts): boolean {
  const isBasic = headers.some(([name, value]) => /^authorization$/i.test(name) && /^basic /i.test(value));
  const form = new URLSearchParams(body);
  return isBasic || form.has('client_secret') || form.has('client_assertion');
}
