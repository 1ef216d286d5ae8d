import { readKeySet, type VerificationKey } from '@symbolon/token';
import { isPrivateUrl } from '../private-url.ts';

const timeout = 5000;
const maxLength = 262_144;

/**
 * Fetches the key set of an issuer by its metadata (RFC 8414): two requests without any credential, no redirect.
 *
 * @throws TypeError if the URL is not https; Error if the issuer does not answer soundly: a fault, and no word about the statement.
 */
export async function fetchKeySet(issuer: string): Promise<readonly VerificationKey[]> {
  if (!isPrivateUrl(issuer))
    throw new TypeError(`unexpected issuer ${issuer}, expected an https URL (http on loopback)`);
  const { origin, pathname } = new URL(issuer);
  const path = pathname === '/' ? '' : pathname;
  const metadata = await fetchObject(`${origin}/.well-known/oauth-authorization-server${path}`);
  if (metadata['issuer'] !== issuer) throw new Error(`the metadata at ${origin} is not that of ${issuer}`);
  const jwksUri = metadata['jwks_uri'];
  if (typeof jwksUri !== 'string' || !isPrivateUrl(jwksUri)) {
    throw new Error(`the metadata of ${issuer} names no key set`);
  }
  try {
    return await readKeySet(await fetchObject(jwksUri));
  } catch (cause) {
    throw new Error(`no sound key set at ${jwksUri}`, { cause });
  }
}

async function fetchObject(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(timeout),
  }).catch((cause: unknown) => {
    throw new Error(`${url} does not answer`, { cause });
  });
  const text = await response.text();
  if (!response.ok || text.length > maxLength)
    throw new Error(`unexpected answer ${response.status} from ${url}`);
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null)
    throw new Error(`unexpected answer from ${url}, expected an object`);
  return value as Record<string, unknown>;
}
