import { readKeySet, type VerificationKey } from '@symbolon/token';
import { readPublicUrl } from './options.ts';

/** The longest answer that is read, in bytes. */
const maxKeySetBytes = 262_144;

const timeout = 5_000;

/** Where the keys of one issuer come from. */
export type KeySetSource = () => Promise<readonly VerificationKey[]>;

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
  fetch: typeof fetch;
}): KeySetSource {
  const { issuer } = options;
  let known = options.jwksUri;
  return async () => {
    const jwksUri = known ?? (await fetchJwksUri(issuer, options.fetch));
    // Asked for again after a failure, as the issuer may have moved its key set.
    known = options.jwksUri;
    const keys = await readKeySet(await fetchJson(jwksUri, options.fetch));
    known = jwksUri;
    return keys;
  };
}

/** The metadata of an issuer with a path lies under its origin, before that path (RFC 8414 section 3.1). */
function metadataUrl(issuer: string): string {
  const { origin, pathname } = new URL(issuer);
  return `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`;
}

async function fetchJwksUri(issuer: string, fetch: typeof globalThis.fetch): Promise<string> {
  const metadata = (await fetchJson(metadataUrl(issuer), fetch)) as {
    issuer?: unknown;
    jwks_uri?: unknown;
  } | null;
  if (metadata?.issuer !== issuer)
    throw new TypeError(`unexpected issuer in the metadata, expected exactly ${issuer}`);
  return readPublicUrl(metadata.jwks_uri, 'jwks_uri in the metadata');
}

async function fetchJson(url: string, fetch: typeof globalThis.fetch): Promise<unknown> {
  // 'manual' and not 'error', which workerd does not know: a redirect is then an answer that is not 200.
  const response = await fetch(url, {
    redirect: 'manual',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(timeout),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new TypeError(`unexpected status ${response.status} from ${url}, expected 200`);
  }
  const text = new TextDecoder('utf-8', { fatal: true }).decode(await readBytes(response, url));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TypeError(`unexpected answer from ${url}, expected JSON`, { cause });
  }
}

/** Reads a body chunk by chunk and hangs up when it grows too long. */
async function readBytes(response: Response, url: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    length += part.value.length;
    if (length > maxKeySetBytes) {
      await reader?.cancel();
      throw new TypeError(`unexpected length from ${url}, expected at most 256 kB`);
    }
    chunks.push(part.value);
  }
  return join(chunks, length);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
