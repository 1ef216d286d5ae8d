import type { JsonWebKey } from 'node:crypto';
import { keptBody, type Exchange } from '../http/exchange.ts';
import type { HttpClient } from '../http/http.ts';
import { isObject, parseObject, type JsonObject } from '../json.ts';
import type { AttackOptions } from '../options.ts';

/** What an issuer tells everybody. */
export interface Published {
  readonly metadata: JsonObject;
  readonly keys: readonly JsonWebKey[];
  /** The key set byte for byte, as far as it was kept. */
  readonly text: string;
  /** How it was fetched, with the beginning of each answer. */
  readonly exchanges: readonly Exchange[];
}

/** Finds metadata and key set of the issuer that the options name; what cannot be had is empty. */
export async function fetchPublished(
  http: HttpClient,
  { issuer, jwksUri, keys = [] }: Pick<AttackOptions, 'issuer' | 'jwksUri' | 'keys'>,
): Promise<Published> {
  const exchanges: Exchange[] = [];
  const means = { http, exchanges };
  const metadata = issuer === undefined ? {} : await fetchMetadata(means, issuer);
  const named = jwksUri ?? metadata['jwks_uri'];
  const text = typeof named === 'string' ? await fetchText(means, named) : '';
  const set = parseObject(text)?.['keys'];
  const found = Array.isArray(set) ? set.filter(isObject) : [];
  return {
    metadata,
    keys: [...keys, ...found],
    text: text === '' ? JSON.stringify({ keys }) : text,
    exchanges,
  };
}

interface Means {
  readonly http: HttpClient;
  /** Every fetch is noted here. */
  readonly exchanges: Exchange[];
}

async function fetchMetadata(means: Means, issuer: string): Promise<JsonObject> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname === '/' ? '' : pathname.replace(/\/$/, '');
  const places = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  for (const url of places) {
    const metadata = parseObject(await fetchText(means, url));
    if (metadata !== undefined) return metadata;
  }
  return {};
}

async function fetchText({ http, exchanges }: Means, url: string): Promise<string> {
  const headers = [['Accept', 'application/json']] as const;
  const request = { url, method: 'GET', headers, keep: 262_144 };
  const reply = await http.send(request);
  const kept = reply.kind === 'answer' ? { ...reply, body: reply.body.slice(0, keptBody) } : reply;
  exchanges.push({ request, reply: kept });
  return reply.kind === 'answer' && reply.status === 200 ? reply.body : '';
}
