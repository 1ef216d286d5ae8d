import {
  importSigningKey,
  signAssertion,
  signProof,
  type PrivateJwk,
  type SigningKey,
} from '@symbolon/token';
import type { Load } from '../harness/load.ts';
import { pourEach, requestText } from '../harness/pour.ts';
import { scope, type OfficeIntroduction } from '../offices.ts';
import { audience } from '../tokens.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** The type of what is sent to a token endpoint. */
export const form = { 'content-type': 'application/x-www-form-urlencoded' };
/** How many requests are made for a turn; whoever takes more has a shorter turn. */
export const perMillisecond = 6;
/** Enough to let a store share its commits, and few enough for oidc-provider's memory, which keeps 1,000 records. */
export const connections = 32;

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
