import { z } from 'zod';
import { readClientMetadata, readNamedKey, type SelfDescribed } from './client-metadata.ts';
import { isAtUsualPort } from './document-url.ts';
import type { Outbound } from '../outbound/outbound.ts';
import { faultOfUri } from './redirect-uris.ts';
import type { SelfRegistration } from './registration-policy.ts';
import type { PublicJwk } from '../storage/port/rows.ts';

/** In bytes. */
const longest = 5 * 1024;
const longestKeys = 32 * 1024;
const keysAtMost = 8;
/** In ms. */
const within = 3000;
const document = z.object({
  client_id: z.string(),
  client_secret: z.never().optional(),
  client_secret_expires_at: z.never().optional(),
});
const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(64) });

/**
 * Reads what stands at a client's id, and judges it: JSON that names itself, without a secret, whose addresses are its own.
 * The keys at its `jwks_uri`, which lies on the same origin, are read with it: the two are one reading.
 *
 * Rejects for everything else; why is nobody's business who asked.
 */
export async function readDocument(
  id: string,
  { policy, ...by }: { outbound: Outbound; loopback: boolean; policy: SelfRegistration },
): Promise<SelfDescribed> {
  const said = await readJson(id, { ...by, maxBytes: longest });
  if (document.parse(said).client_id !== id) throw new Error('the document names another client');
  const readKeys = ({ jwksUri }: { jwksUri: string }): Promise<readonly PublicJwk[]> => {
    const isOwn = faultOfUri(jwksUri, 'web') === undefined && new URL(jwksUri).origin === new URL(id).origin;
    if (!isOwn) throw new Error('the keys lie on another origin than the document');
    return readKeysAt(jwksUri, by);
  };
  const client = await readClientMetadata(said, { policy, how: 'document', readKeys });
  const { redirectUris, postLogoutRedirectUris } = client.registration;
  if (![...redirectUris, ...postLogoutRedirectUris].every((uri) => isAtHome(uri, id)))
    throw new Error('an address lies on another origin than the document');
  return client;
}

/** Reads the keys at an address. Rejects where it cannot be read, or none of them can be used. */
export async function readKeysAt(
  jwksUri: string,
  by: { outbound: Outbound; loopback: boolean },
): Promise<readonly PublicJwk[]> {
  return readKeySet(await readJson(jwksUri, { ...by, maxBytes: longestKeys }));
}

/**
 * Whether a `jwks_uri` belongs to whoever has these addresses: it lies on the origin of one of them, and of all that are
 * not on the person's own machine; so nobody brings an address of somebody else.
 */
export function isOwnJwksUri(
  jwksUri: string,
  { uris, loopback }: { uris: readonly string[]; loopback: boolean },
): boolean {
  return (
    faultOfUri(jwksUri, 'web') === undefined &&
    isAtUsualPort(jwksUri, { loopback }) &&
    uris.every((uri) => isAtHome(uri, jwksUri)) &&
    uris.some((uri) => new URL(uri).origin === new URL(jwksUri).origin)
  );
}

async function readJson(
  url: string,
  { outbound, maxBytes, ...at }: { outbound: Outbound; loopback: boolean; maxBytes: number },
): Promise<unknown> {
  if (!isAtUsualPort(url, at)) throw new Error('unexpected port, expected that of https');
  const headers = { accept: 'application/json' };
  const answer = await outbound({ url, method: 'GET', headers, maxBytes, within });
  const [type = ''] = String(answer.headers['content-type'] ?? '').split(';');
  if (answer.status !== 200 || !/^application\/(?:[a-z0-9.+-]+\+)?json$/i.test(type.trim()))
    throw new Error('unexpected answer, expected 200 and JSON');
  return JSON.parse(answer.body);
}

/** Keys that are none of ours may stand beside ours (RFC 7517 section 5); without one of ours the set is none. */
async function readKeySet(said: unknown): Promise<readonly PublicJwk[]> {
  const read = await Promise.all(keySet.parse(said).keys.map(readNamedKey));
  const keys = read.filter((key) => key !== undefined).slice(0, keysAtMost);
  if (keys.length === 0) throw new Error('no key of the set can be used');
  return keys;
}

/** On the document's own origin, or on the person's own machine: nobody describes an application of somebody else. */
function isAtHome(uri: string, id: string): boolean {
  const { origin, protocol, hostname } = new URL(uri);
  if (protocol === 'http:') return ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
  return protocol === 'https:' && origin === new URL(id).origin;
}
