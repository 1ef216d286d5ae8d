import { randomBytes } from 'node:crypto';
import { thumbprint } from '../keys/thumbprint.ts';
import { forgeProof } from './credential.ts';
import type { HeaderList, RequestParts } from '../http/exchange.ts';
import type { ForgeKey } from '../keys/forge-key.ts';
import { signJws } from '../forge.ts';
import { changed, type Changes, type JsonObject } from '../json.ts';

/** A client that gets tokens for itself, and what it honestly asks for. */
export interface TokenClient {
  readonly clientId: string;
  /** The audience of its assertions: the issuer's identifier. */
  readonly issuer: string;
  /** Its key (private_key_jwt), or its secret, sent by HTTP Basic. */
  readonly authentication: { readonly key: ForgeKey; readonly kid?: string } | { readonly secret: string };
  /** What its tokens are bound to; without it no proof is sent. */
  readonly holder?: ForgeKey;
  /** Members of the form besides `grant_type`: `resource`, `scope`. */
  readonly form?: Readonly<Record<string, string>>;
}

/** A member of a form. */
export type Pair = readonly [name: string, value: string];

/** How a token request differs from an honest one. */
export interface TokenChange {
  readonly header?: Changes;
  readonly payload?: Changes;
  /** Signs the assertion in place of the client's key. */
  readonly signer?: ForgeKey;
  /** Makes the final assertion of the honest-looking one. */
  readonly assertion?: (assertion: string) => string;
  /** Members in place of the honest ones; `undefined` leaves one out. */
  readonly form?: Changes;
  /** Makes the final members. */
  readonly pairs?: (pairs: readonly Pair[]) => readonly Pair[];
  readonly method?: string;
  /** Where the members stand: in the body, unless said so. */
  readonly place?: 'query';
  readonly contentType?: string;
  /** Makes the body of the members. */
  readonly body?: (pairs: readonly Pair[]) => string;
  readonly headers?: HeaderList;
}

/** What a token request is made with, besides the client. */
export interface TokenAsking {
  readonly endpoint: string;
  readonly client: TokenClient;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly nonce: string | undefined;
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const formType = 'application/x-www-form-urlencoded';

/** Makes a token request, honest but for the changes. */
export function tokenRequest(asking: TokenAsking, change: TokenChange = {}): RequestParts {
  const { client, endpoint } = asking;
  const method = change.method ?? 'POST';
  const basic: HeaderList = 'secret' in client.authentication ? [basicOf(client, client.authentication)] : [];
  const honest = { grant_type: 'client_credentials', ...client.form, ...assertionMembers(asking, change) };
  const members = Object.entries(changed(honest, change.form ?? {})).map(([name, value]): Pair => [
    name,
    String(value),
  ]);
  const pairs = change.pairs?.(members) ?? members;
  const text = change.body?.(pairs) ?? encoded(pairs);
  const url = change.place === 'query' ? `${endpoint}?${encoded(pairs)}` : endpoint;
  const type: HeaderList = change.place === 'query' ? [] : [['Content-Type', change.contentType ?? formType]];
  return {
    url,
    method,
    headers: [...type, ...basic, ...proofOf(asking, method), ...(change.headers ?? [])],
    ...(change.place === 'query' ? {} : { body: text }),
    keep: 65_536,
  };
}

/** Members as a form. */
export function encoded(pairs: readonly Pair[]): string {
  return pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
}

function assertionMembers({ client, now }: TokenAsking, change: TokenChange): JsonObject {
  const { authentication, clientId, issuer, holder } = client;
  if ('secret' in authentication) return {};
  const { key, kid } = authentication;
  const at = Math.floor(now / 1000);
  const cnf = holder === undefined ? {} : { cnf: { jkt: thumbprint(holder.jwk) } };
  const jti = randomBytes(16).toString('base64url');
  const claims = { iss: clientId, sub: clientId, aud: issuer, jti, iat: at, exp: at + 60, ...cnf };
  const signer = change.signer ?? key;
  const header = { alg: signer.alg, ...(kid === undefined ? {} : { kid }), typ: 'JWT' };
  const assertion = signJws({
    header: changed(header, change.header ?? {}),
    payload: changed(claims, change.payload ?? {}),
    key: signer,
  });
  return {
    client_id: clientId,
    client_assertion_type: assertionType,
    client_assertion: change.assertion?.(assertion) ?? assertion,
  };
}

function proofOf({ client: { holder }, endpoint: url, now, nonce }: TokenAsking, method: string): HeaderList {
  if (holder === undefined) return [];
  const iat = Math.floor(now / 1000);
  const of = { method, url, token: undefined, nonce, iat, jti: randomBytes(16).toString('base64url') };
  return [['DPoP', forgeProof(holder, of)]];
}

function basicOf({ clientId }: TokenClient, { secret }: { readonly secret: string }): Pair {
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`;
  return ['Authorization', `Basic ${Buffer.from(pair).toString('base64')}`];
}
