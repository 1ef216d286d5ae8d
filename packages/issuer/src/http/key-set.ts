import { hashText } from '@symbolon/token';
import type { Office } from './office.ts';

/** `GET /jwks` (RFC 7517): next, current and retired keys of session tokens and ID tokens, cacheable, with an ETag. */
export async function keySetEndpoint(office: Office, request: Request): Promise<Response> {
  const { keys } = office;
  const body = JSON.stringify({ keys: [...(await keys.published()), ...(await keys.publishedIdentity())] });
  const etag = `"${await hashText(body)}"`;
  const headers = {
    'content-type': 'application/jwk-set+json',
    'cache-control': `public, max-age=${String(office.keySetMaxAge)}, stale-if-error=86400`,
    etag,
  };
  const known = request.headers
    .get('if-none-match')
    ?.split(',')
    .some((held) => held.trim().replace(/^W\//, '') === etag);
  return known === true ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
}
