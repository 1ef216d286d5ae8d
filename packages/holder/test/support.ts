import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  encodeBase64url,
  generatePrivateJwk,
  hashText,
  importPublicKey,
  importSigningKey,
  signRefreshToken,
  signSessionToken,
  verifyAssertion,
  verifyProof,
  AuthError,
  type SigningKey,
} from '@symbolon/token';

/** A clock that a test turns by hand, in milliseconds. */
export interface HandClock {
  (): number;
  forward(milliseconds: number): void;
}

/** Makes a clock that stands at a fixed moment. */
export function handClock(start: number = Date.UTC(2026, 0, 2, 3, 4, 5)): HandClock {
  let now = start;
  return Object.assign(() => now, { forward: (milliseconds: number) => void (now += milliseconds) });
}

/** One answer of a server: given instead of its own. */
export interface Scripted {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What the peer was asked at its token endpoint. */
interface TokenRequest {
  readonly form: URLSearchParams;
  readonly nonce: string | undefined;
  /** Whether its client authenticated by an assertion. */
  readonly asserted: boolean;
}

/**
 * A peer to test against: token endpoint, revocation and a resource in one real HTTP server.
 *
 * It verifies every assertion and proof with `@symbolon/token`, signs real tokens, and does otherwise what the
 * test scripts: `script` holds answers that are given first, `null` for its own honest one, 'cut' for a
 * connection that breaks after the request was processed.
 */
export interface Peer {
  readonly issuer: string;
  readonly audience: string;
  readonly tokenRequests: TokenRequest[];
  readonly resourceRequests: {
    method: string;
    path: string;
    token: string;
    nonce: string | undefined;
    body: string;
  }[];
  readonly revoked: string[];
  /** Authorization requests handed over by the back channel. */
  readonly pushed: URLSearchParams[];
  /** How many requests brought an assertion or proof that did not verify. */
  refusals: number;
  readonly script: (Scripted | 'cut' | null)[];
  readonly resourceScript: (Scripted | null)[];
  /** Tokens that the resource no longer takes. */
  readonly dead: Set<string>;
  readonly state: {
    life: number;
    clock: () => number;
    tokenNonce: string | undefined;
    resourceNonce: string | undefined;
    generation: number;
    /** The session that the next code's tokens belong to; those of a refresh belong to the session refreshed. */
    sid: string;
    /** Whom they are about. */
    sub: string;
    metadata: Record<string, unknown>;
    metadataRequests: number;
  };
  /** What an application gets that starts a session for this holder. */
  startSession(): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** Starts a peer for one client. */
export async function startPeer(options: {
  clock: () => number;
  client: SigningKey;
  holder?: SigningKey;
}): Promise<Peer> {
  const issuerKey = await importSigningKey(await generatePrivateJwk());
  const clientKeys = [await importPublicKey(options.client.jwk)];
  const server = createServer((request, response) => {
    answer(request, response).catch((fault: unknown) => response.destroy(fault as Error));
  });
  const origin = await listen(server);
  const thumbprint = (options.holder ?? options.client).kid;
  const peer: Peer = {
    issuer: origin,
    audience: `${origin}/api`,
    tokenRequests: [],
    resourceRequests: [],
    revoked: [],
    pushed: [],
    refusals: 0,
    script: [],
    resourceScript: [],
    dead: new Set(),
    state: {
      life: 300,
      clock: options.clock,
      tokenNonce: undefined,
      resourceNonce: undefined,
      generation: 0,
      sid: 'SSSSSSSSSSSSSSSSSSSSSA',
      sub: 'm1',
      metadata: {
        issuer: origin,
        token_endpoint: `${origin}/token`,
        revocation_endpoint: `${origin}/revoke`,
        authorization_endpoint: `${origin}/authorize`,
        end_session_endpoint: `${origin}/logout`,
      },
      metadataRequests: 0,
    },
    startSession: () => issue(null),
    close: async () => {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const seconds = (): number => Math.floor(peer.state.clock() / 1000);
  const sessions = new Map<string, { sid: string; sub: string }>();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const path = request.url ?? '/';
    response.setHeader('date', new Date(peer.state.clock()).toUTCString());
    if (path.startsWith('/.well-known/')) {
      peer.state.metadataRequests++;
      give(response, json(200, peer.state.metadata));
    } else if (path === '/token') await answerToken(request, response, body);
    else if (path === '/par') await answerPush(request, response, body);
    else if (path === '/revoke') await answerRevocation(request, response, body);
    else await answerResource(request, response, body);
  }

  async function answerToken(
    request: IncomingMessage,
    response: ServerResponse,
    body: string,
  ): Promise<void> {
    const form = new URLSearchParams(body);
    const scripted = peer.script.shift();
    try {
      const nonce = await verifyClient(request, form);
      peer.tokenRequests.push({ form, nonce, asserted: form.has('client_assertion') });
      if (scripted === 'cut') {
        if (form.has('refresh_token')) peer.state.generation++;
        response.destroy();
      } else give(response, scripted ?? (await honestAnswer(form, nonce)));
    } catch (error) {
      peer.refusals++;
      give(response, scripted === 'cut' ? { status: 500 } : (scripted ?? refusal(error)));
    }
  }

  async function honestAnswer(form: URLSearchParams, nonce: string | undefined): Promise<Scripted> {
    const { tokenNonce } = peer.state;
    if (tokenNonce !== nonce)
      return json(400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': tokenNonce ?? '' });
    if (form.has('refresh_token')) peer.state.generation++;
    const session = sessions.get(form.get('refresh_token') ?? '') ?? peer.state;
    return json(200, await issue(form.get('scope'), session));
  }

  async function issue(
    scope: string | null,
    { sid, sub }: { sid: string; sub: string } = peer.state,
  ): Promise<Record<string, unknown>> {
    const iat = seconds();
    const claims = {
      iss: origin,
      sub,
      aud: peer.audience,
      client_id: 'm1',
      iat,
      exp: iat + peer.state.life,
      jti: encodeBase64url(crypto.getRandomValues(new Uint8Array(16))),
      sid,
      sst: iat * 1_000_000,
      sh: sid,
      cnf: { jkt: thumbprint },
    };
    const { generation } = peer.state;
    const refresh = { iss: origin, sid, gen: generation, exp: iat + 86_400 };
    const refreshToken = await signRefreshToken(refresh, issuerKey);
    sessions.set(refreshToken, { sid, sub });
    return {
      access_token: await signSessionToken(claims, issuerKey),
      token_type: 'DPoP',
      expires_in: peer.state.life,
      ...(scope === null ? {} : { scope }),
      refresh_token: refreshToken,
      sid,
      generation,
    };
  }

  async function verifyClient(request: IncomingMessage, form: URLSearchParams): Promise<string | undefined> {
    const url = `${origin}${request.url ?? ''}`;
    const expected = { method: 'POST', url, tokenHash: undefined, now: seconds(), thumbprint };
    const proof = await verifyProof(String(request.headers['dpop']), expected);
    const assertion = form.get('client_assertion');
    if (assertion === null) return proof.nonce;
    const findKeys = () => clientKeys;
    const verified = await verifyAssertion(assertion, { issuer: origin, now: seconds(), findKeys });
    if (verified.thumbprint !== proof.thumbprint) throw new AuthError('assertion_key_unexpected');
    return proof.nonce;
  }

  async function answerRevocation(
    request: IncomingMessage,
    response: ServerResponse,
    body: string,
  ): Promise<void> {
    const form = new URLSearchParams(body);
    await verifyClient(request, form);
    peer.revoked.push(form.get('token') ?? '');
    give(response, { status: 200 });
  }

  async function answerPush(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const form = new URLSearchParams(body);
    await verifyClient(request, form);
    peer.pushed.push(form);
    give(response, json(201, { request_uri: 'urn:ietf:params:oauth:request_uri:1', expires_in: 60 }));
  }

  async function answerResource(
    request: IncomingMessage,
    response: ServerResponse,
    body: string,
  ): Promise<void> {
    const { method = '', url: path = '' } = request;
    const scripted = peer.resourceScript.shift();
    const token = request.headers.authorization?.replace('DPoP ', '') ?? '';
    const expected = {
      method,
      url: origin + path,
      tokenHash: await hashText(token),
      now: seconds(),
      thumbprint,
    };
    try {
      const { nonce } = await verifyProof(String(request.headers['dpop']), expected);
      peer.resourceRequests.push({ method, path, token, nonce, body });
      give(response, scripted ?? judgeResource(token, nonce));
    } catch (error) {
      peer.refusals++;
      give(response, challenge(error instanceof AuthError ? (error.error ?? '') : 'fault'));
    }
  }

  function judgeResource(token: string, nonce: string | undefined): Scripted {
    const { resourceNonce } = peer.state;
    if (peer.dead.has(token)) return challenge('invalid_token');
    if (resourceNonce !== undefined && resourceNonce !== nonce) {
      return challenge('use_dpop_nonce', { 'dpop-nonce': resourceNonce });
    }
    return json(200, { hello: 'holder' });
  }

  return peer;
}

/** An answer with a JSON body. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Scripted {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** A 401 with a DPoP challenge. */
export function challenge(error: string, headers: Record<string, string> = {}): Scripted {
  return {
    status: 401,
    headers: { 'www-authenticate': `DPoP error="${error}", algs="EdDSA ES256"`, ...headers },
  };
}

function refusal(error: unknown): Scripted {
  if (!(error instanceof AuthError)) return { status: 500, body: String(error) };
  return json(error.error === 'invalid_client' ? 401 : 400, {
    error: error.error,
    code: error.code,
    error_description: error.message,
  });
}

function give(response: ServerResponse, scripted: Scripted): void {
  response.writeHead(scripted.status, scripted.headers).end(scripted.body);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
