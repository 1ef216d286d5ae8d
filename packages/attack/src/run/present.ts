import { randomBytes } from 'node:crypto';
import { forgeProof, type Credential, type ProofChange } from '../credentials/credential.ts';
import { replyHeader, type Exchange, type HeaderList, type RequestParts } from '../http/exchange.ts';
import type { Present } from './lab.ts';

/** What presenting a token goes by: the honest request, the way out, and the time. */
export interface Presenting {
  /** The honest request without its credential. */
  readonly request: RequestParts;
  readonly send: (request: RequestParts) => Promise<Exchange>;
  readonly now: () => number;
  /** The nonce that the target gave last; it is kept up to date here. */
  readonly nonce: { current: string | undefined };
  /** The nonce that the issuer gave last. */
  readonly issuerNonce: { current: string | undefined };
}

/**
 * Sends the honest request with a token.
 *
 * If the target asks for a nonce (RFC 9449 section 9) it is given one, once, unless the attack has its own idea of the
 * proof.
 */
export async function presentToken(
  token: string,
  { how, by }: { how: Present & { credential: Credential }; by: Presenting },
): Promise<Exchange> {
  const first = await by.send(requestWith(token, { how, by }));
  const nonce = replyHeader(first.reply, 'dpop-nonce');
  if (nonce === undefined) return first;
  by.nonce.current = nonce;
  if (!asksForNonce(first) || !takesNonce(how)) return first;
  return by.send(requestWith(token, { how, by }));
}

function asksForNonce({ reply }: Exchange): boolean {
  return reply.kind === 'answer' && (replyHeader(reply, 'www-authenticate') ?? '').includes('use_dpop_nonce');
}

function takesNonce({ proof, credential }: Present & { credential: Credential }): boolean {
  if (credential.carrier.kind !== 'dpop' || isTexts(proof)) return false;
  return proof?.payload === undefined || !Object.hasOwn(proof.payload, 'nonce');
}

function isTexts(proof: Present['proof']): proof is readonly string[] {
  return Array.isArray(proof);
}

function requestWith(
  token: string,
  { how, by }: { how: Present & { credential: Credential }; by: Presenting },
): RequestParts {
  const url = how.url ?? by.request.url;
  const method = how.method ?? by.request.method;
  const body = how.body ?? by.request.body;
  const usual = credentialHeaders(token, { how, by, url, method });
  return {
    url,
    method,
    headers: [...by.request.headers, ...usual, ...(how.headers ?? [])],
    ...(body === undefined ? {} : { body }),
    ...(how.path === undefined ? {} : { path: how.path }),
    ...(how.keep === undefined ? {} : { keep: how.keep }),
    ...(how.isAlone === undefined ? {} : { isAlone: how.isAlone }),
  };
}

interface Placing {
  readonly how: Present & { credential: Credential };
  readonly by: Presenting;
  readonly url: string;
  readonly method: string;
}

function credentialHeaders(token: string, placing: Placing): HeaderList {
  const { carrier } = placing.how.credential;
  const { authorization } = placing.how;
  const proofs = proofsFor(token, placing).map((proof) => ['DPoP', proof] as const);
  if (authorization !== undefined) return [...fields('Authorization', authorization), ...proofs];
  switch (carrier.kind) {
    case 'bearer':
      return [['Authorization', `Bearer ${token}`], ...proofs];
    case 'dpop':
      return [['Authorization', `DPoP ${token}`], ...proofs];
    case 'cookie':
      return [['Cookie', `${carrier.name}=${token}`], ...proofs];
    case 'header':
      return [[carrier.name, token], ...proofs];
  }
}

function fields(name: string, values: readonly string[]): HeaderList {
  return values.map((value) => [name, value] as const);
}

function proofsFor(token: string, { how, by, url, method }: Placing): readonly string[] {
  const { carrier } = how.credential;
  const { proof } = how;
  if (isTexts(proof)) return proof;
  if (carrier.kind !== 'dpop') return [];
  const iat = Math.floor(by.now() / 1000);
  // Not from the seed: a proof is good for one request, in the next run too.
  const of = { method, url, token, nonce: by.nonce.current, iat, jti: randomBytes(16).toString('base64url') };
  return [forgeProof(carrier.key, of, proof satisfies ProofChange | undefined)];
}
