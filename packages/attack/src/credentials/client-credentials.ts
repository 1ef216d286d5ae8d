import { randomBytes } from 'node:crypto';
import { forgeProof, type Carrier, type Credential, type CredentialSource } from './credential.ts';
import { replyHeader, type Exchange, type HeaderList, type RequestParts } from '../http/exchange.ts';
import { ed25519Key, type ForgeKey } from '../keys/forge-key.ts';
import { signJws } from '../forge.ts';
import { createHttpClient, type HttpClient } from '../http/http.ts';
import { parseObject } from '../json.ts';
import { defaultLimits } from '../http/limits.ts';
import type { MakeRefreshRequest } from './refresh-request.ts';
import { fetchPublished } from '../keys/published-keys.ts';
import { thumbprint } from '../keys/thumbprint.ts';
import { createRandom } from '../random.ts';
import type { TokenClient } from './token-request.ts';

/** How a client gets tokens for itself (RFC 6749 section 4.4). */
export interface ClientCredentialsOptions {
  /** Its metadata names the token endpoint, unless that is given. */
  readonly issuer: string;
  readonly tokenEndpoint?: string;
  readonly clientId: string;
  /** The key of private_key_jwt (RFC 7523), or a secret sent by HTTP Basic. */
  readonly authentication: { readonly key: ForgeKey; readonly kid?: string } | { readonly secret: string };
  /** Bind tokens by DPoP, each to a new key, so that each is a session of its own. */
  readonly dpop: boolean;
  /** `resource` (RFC 8707), and the `audience` that some servers ask for in its place. */
  readonly resource?: string;
  readonly audience?: string;
  readonly scope?: string;
  /** The certificate (PEM) of a private authority, trusted beside those that Node trusts. */
  readonly ca?: string;
  readonly clock?: () => number;
}

/** A client at its issuer: credentials, and the requests that attacks on sessions need. */
export interface OAuthClient extends CredentialSource {
  /** Makes the request that redeems a refresh token. */
  readonly refreshRequest: MakeRefreshRequest;
  /** Makes the request that revokes a credential's token (RFC 7009). */
  readonly endRequest: (credential: Credential) => Promise<RequestParts>;
  /** The client itself, as attacks on its token endpoint need it. */
  readonly client: TokenClient;
  readonly close: () => void;
}

/**
 * Acts as a client at a real issuer, of any make.
 *
 * Its `get` throws an `Error` with the issuer's answer if no token comes.
 */
export function clientCredentials(options: ClientCredentialsOptions): OAuthClient {
  const http = createHttpClient(defaultLimits, options);
  const asking: Asking = { options, http, nonce: { current: undefined } };
  return {
    isFresh: options.dpop,
    get: () => getCredential(asking),
    refreshRequest: (credential, refreshToken, told) => {
      asking.nonce.current = told?.nonce ?? asking.nonce.current;
      return tokenRequest(asking, {
        key: keyOf(credential),
        form: { grant_type: 'refresh_token', refresh_token: refreshToken },
      });
    },
    endRequest: (credential) => revocation(asking, credential),
    client: clientOf(options),
    close: () => {
      http.close();
    },
  };
}

function clientOf(options: ClientCredentialsOptions): TokenClient {
  const { issuer, clientId, authentication, dpop, resource, audience, scope } = options;
  const holder = dpop ? { holder: newHolder() } : {};
  return { issuer, clientId, authentication, form: without({ resource, audience, scope }), ...holder };
}

function newHolder(): ForgeKey {
  return ed25519Key(createRandom(randomBytes(32).toString('hex')));
}

interface Asking {
  readonly options: ClientCredentialsOptions;
  readonly http: HttpClient;
  readonly nonce: { current: string | undefined };
}

async function getCredential(asking: Asking): Promise<Credential> {
  const { resource, audience, scope, dpop } = asking.options;
  const key = dpop ? newHolder() : undefined;
  const form = without({ grant_type: 'client_credentials', resource, audience, scope });
  const { reply } = await withNonce(asking, () => tokenRequest(asking, { key, form }));
  const answer = reply.kind === 'answer' ? parseObject(reply.body) : undefined;
  const token = answer?.['access_token'];
  if (typeof token !== 'string') throw new Error(`no token came from the issuer: ${errorOf(reply, answer)}`);
  const carrier: Carrier = key === undefined ? { kind: 'bearer' } : { kind: 'dpop', key };
  const refreshToken = answer?.['refresh_token'];
  return { token, carrier, ...(typeof refreshToken === 'string' ? { refreshToken } : {}) };
}

function errorOf(reply: Exchange['reply'], answer: Readonly<Record<string, unknown>> | undefined): string {
  if (reply.kind !== 'answer') return `${reply.kind} (${reply.why})`;
  const [error, description] = [answer?.['error'], answer?.['error_description']];
  const said = [error, description].filter((text) => typeof text === 'string').join(', ');
  return `${reply.status} ${said}`.trim();
}

async function withNonce(asking: Asking, make: () => Promise<RequestParts>): Promise<Exchange> {
  const send = async (): Promise<Exchange> => {
    const request = { ...(await make()), keep: 65_536 };
    return { request, reply: await asking.http.send(request) };
  };
  const first = await send();
  const nonce = replyHeader(first.reply, 'dpop-nonce');
  if (nonce === undefined || nonce === asking.nonce.current) return first;
  asking.nonce.current = nonce;
  return first.reply.kind === 'answer' && first.reply.status === 400 ? send() : first;
}

async function tokenRequest(
  asking: Asking,
  { key, form }: { key: ForgeKey | undefined; form: Readonly<Record<string, string>> },
): Promise<RequestParts> {
  const url = asking.options.tokenEndpoint ?? (await endpoint(asking, 'token_endpoint'));
  return post(asking, { url, key, form });
}

async function revocation(asking: Asking, credential: Credential): Promise<RequestParts> {
  const url = await endpoint(asking, 'revocation_endpoint');
  const form = { token: credential.refreshToken ?? credential.token };
  return post(asking, { url, key: undefined, form });
}

async function endpoint({ options, http }: Asking, name: string): Promise<string> {
  const { metadata } = await fetchPublished(http, { issuer: options.issuer });
  const url = metadata[name];
  if (typeof url === 'string') return url;
  throw new Error(`the metadata of ${options.issuer} name no ${name}`);
}

interface Post {
  readonly url: string;
  readonly key: ForgeKey | undefined;
  readonly form: Readonly<Record<string, string>>;
}

function post({ options, nonce }: Asking, { url, key, form }: Post): RequestParts {
  const now = Math.floor((options.clock ?? Date.now)() / 1000);
  const of = { method: 'POST', url, token: undefined, nonce: nonce.current, iat: now, jti: newId() };
  const proof = key === undefined ? [] : [['DPoP', forgeProof(key, of)] as const];
  const { headers, members } = authentication(options, { now, key });
  return {
    url,
    method: 'POST',
    headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...headers, ...proof],
    body: new URLSearchParams({ ...form, ...members }).toString(),
  };
}

function authentication(
  { authentication: by, clientId, issuer }: ClientCredentialsOptions,
  { now, key }: { now: number; key: ForgeKey | undefined },
): { readonly headers: HeaderList; readonly members: Readonly<Record<string, string>> } {
  if ('secret' in by) {
    const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(by.secret)}`;
    return { headers: [['Authorization', `Basic ${Buffer.from(pair).toString('base64')}`]], members: {} };
  }
  const cnf = key === undefined ? {} : { cnf: { jkt: thumbprint(key.jwk) } };
  const payload = {
    iss: clientId,
    sub: clientId,
    aud: issuer,
    jti: newId(),
    iat: now,
    exp: now + 60,
    ...cnf,
  };
  const header = { alg: by.key.alg, ...(by.kid === undefined ? {} : { kid: by.kid }), typ: 'JWT' };
  const assertion = signJws({ header, payload, key: by.key });
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  return {
    headers: [],
    members: { client_id: clientId, client_assertion_type: type, client_assertion: assertion },
  };
}

function keyOf({ carrier }: Credential): ForgeKey | undefined {
  return carrier.kind === 'dpop' ? carrier.key : undefined;
}

function without(form: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const entries = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}

function newId(): string {
  return randomBytes(16).toString('base64url');
}
