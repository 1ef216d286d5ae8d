import { readKeySet, type VerificationKey } from '@symbolon/token';
import type { BoundedFetch } from './bounded-fetch.ts';
import { readPublicUrl } from './options.ts';

/** The longest answer that is read, in bytes. */
export const maxKeySetBytes = 262_144;

/** Where the keys of one issuer come from; `pastCaches` asks every cache on the way to let the question through. */
export type KeySetSource = (how: { pastCaches: boolean }) => Promise<readonly VerificationKey[]>;

/**
 * Makes the function that fetches an issuer's session keys: its metadata (RFC 8414), then its key set.
 *
 * `jwksUri` skips the metadata. No redirect is followed, no more than 256 kB is read, no answer is waited for
 * longer than 5 s, and only https, or http on loopback, is spoken. The URL is configuration or the issuer's
 * own word, never a token's.
 *
 * The promise rejects with what was wrong with the answer.
 */
export function createKeySetSource(options: {
  issuer: string;
  jwksUri: string | undefined;
  ask: BoundedFetch;
}): KeySetSource {
  const { issuer, ask } = options;
  let known = options.jwksUri;
  return async ({ pastCaches }) => {
    const jwksUri = known ?? (await fetchJwksUri(issuer, ask));
    // Asked for again after a failure, as the issuer may have moved its key set.
    known = options.jwksUri;
    const headers = pastCaches ? { 'cache-control': 'no-cache' } : {};
    const keys = await readKeySet(await ask.json(jwksUri, { maxBytes: maxKeySetBytes, headers }));
    known = jwksUri;
    return keys;
  };
}

/** The metadata of an issuer with a path lies under its origin, before that path (RFC 8414 section 3.1). */
function metadataUrl(issuer: string): string {
  const { origin, pathname } = new URL(issuer);
  return `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`;
}

async function fetchJwksUri(issuer: string, ask: BoundedFetch): Promise<string> {
  const metadata = (await ask.json(metadataUrl(issuer), { maxBytes: maxKeySetBytes })) as {
    issuer?: unknown;
    jwks_uri?: unknown;
  } | null;
  if (metadata?.issuer !== issuer)
    throw new TypeError(`unexpected issuer in the metadata, expected exactly ${issuer}`);
  return readPublicUrl(metadata.jwks_uri, 'jwks_uri in the metadata');
}
