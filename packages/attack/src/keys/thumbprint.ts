import { createHash, type JsonWebKey } from 'node:crypto';

/** The thumbprint of a public key (RFC 7638). */
export function thumbprint({ crv, e, kty, n, x, y }: JsonWebKey): string {
  const members = Object.entries({ crv, e, kty, n, x, y }).filter(([, value]) => value !== undefined);
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest('base64url');
}
