import {
  importSigningKey,
  signAssertion,
  signProof,
  type PrivateJwk,
  type SigningKey,
} from '@symbolon/token';
import type { LoadCount } from '../harness/http-contest.ts';
import type { Load } from '../harness/load.ts';
import { pourEach, requestText } from '../harness/pour.ts';
import { publicClient, scope, type OfficeIntroduction } from '../offices.ts';
import { audience } from '../tokens.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const perMillisecond = 6; // whoever takes more has a shorter turn
/** Enough to let a store share its commits, and few enough for oidc-provider's memory, which keeps 1,000 records. */
const connections = 32;

/** Imports the keys of everybody who asks. */
export function importAll(jwks: readonly PrivateJwk[]): Promise<readonly SigningKey[]> {
  return Promise.all(jwks.map(importSigningKey));
}

/** Machines that ask for a token with an assertion and a proof, each used once. */
export function machineLoad(office: OfficeIntroduction, keys: readonly SigningKey[]): Load {
  let made: { text: string }[] = [];
  return {
    make: async (milliseconds) => {
      made = [];
      for (let at = 0; at < milliseconds * perMillisecond; at++) {
        const machine = at % keys.length;
        made.push({ text: await machineRequest(office, { id: `machine-${machine}`, key: keys[machine] }) });
      }
    },
    pour: (milliseconds) => pourEach(office.port, { milliseconds, connections, next: () => made.pop() }),
  };
}

interface HeldSession {
  readonly key: SigningKey;
  refreshToken: string;
  proofs: string[];
}

/** Holders that refresh their sessions over and over, each with the token it was given last and a fresh proof. */
export function refreshLoad(office: OfficeIntroduction, keys: readonly SigningKey[]): Load {
  const sessions = keys.map((key, at): HeldSession => ({
    key,
    refreshToken: office.refreshTokens[at] ?? '',
    proofs: [],
  }));
  let idle = [...sessions];
  const pour = (milliseconds: number): Promise<LoadCount> =>
    pourEach(office.port, {
      milliseconds,
      connections,
      next: () => refreshRequest(office, idle),
      take: ({ body }, { session }) => {
        session.refreshToken = (JSON.parse(body) as { refresh_token: string }).refresh_token;
        idle.push(session);
      },
    });
  return {
    make: async (milliseconds) => {
      const each = Math.ceil((milliseconds * perMillisecond) / sessions.length);
      idle = [...sessions];
      for (const session of sessions)
        session.proofs = await makeProofs(office, { key: session.key, count: each });
    },
    pour,
  };
}

/** Browsers that show their session's cookie. */
export function cookieLoad(office: OfficeIntroduction, path: string): Load {
  const requests = (office.cookies ?? []).map((cookie) => ({
    text: requestText({ method: 'GET', path: office.path + path, port: office.port, headers: { cookie } }),
  }));
  let at = 0;
  return {
    pour: (milliseconds) =>
      pourEach(office.port, { milliseconds, connections, next: () => requests[at++ % requests.length] }),
  };
}

async function machineRequest(
  { issuer, tokenUrl, path, port }: OfficeIntroduction,
  { id, key }: { id: string; key: SigningKey | undefined },
): Promise<string> {
  if (key === undefined) throw new TypeError(`no key of ${id}`);
  const now = Date.now() / 1000;
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: id,
    client_assertion_type: assertionType,
    client_assertion: await signAssertion({ clientId: id, issuer, now, thumbprint: key.kid }, key),
    resource: audience,
    scope,
  });
  const dpop = await signProof({ method: 'POST', url: tokenUrl, now }, key);
  return requestText({ method: 'POST', path, port, headers: { ...form, dpop }, body: body.toString() });
}

async function makeProofs(
  { tokenUrl }: OfficeIntroduction,
  { key, count }: { key: SigningKey; count: number },
): Promise<string[]> {
  const now = Date.now() / 1000;
  const request = { method: 'POST', url: tokenUrl, now };
  return Promise.all(Array.from({ length: count }, () => signProof(request, key)));
}

/** Takes the session that has waited longest, or none where its proofs are used up. */
function refreshRequest(
  { path, port }: OfficeIntroduction,
  idle: HeldSession[],
): { text: string; session: HeldSession } | undefined {
  const session = idle[0];
  const dpop = session?.proofs.pop();
  if (session === undefined || dpop === undefined) return undefined;
  idle.shift();
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: publicClient,
    refresh_token: session.refreshToken,
  });
  const headers = { ...form, dpop };
  return { session, text: requestText({ method: 'POST', path, port, headers, body: body.toString() }) };
}
