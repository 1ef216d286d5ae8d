import { createHash } from 'node:crypto';
import type { JsonObject } from '../../src/json.ts';
import type { House } from './house.ts';
import { bearerOf, hasHonestClaims, hasHonestHeader, hasSignature, hasStrictText, opened } from './strict.ts';
import { openWeak } from './strong.ts';
import type { Seen, Target } from './target.ts';

/** Servers that take tokens of RFC 8705 and look at no certificate, or at one that nobody has proved. */
export const certificateTargets: readonly Target[] = [
  {
    name: 'certificate-not-asked-for',
    flaw: 'the proxy in front was to compare the certificate, and the one that came after it does not',
    finds: ['proof/certificate-bound-without-certificate', 'proof/certificate-in-'],
    runs: ['proof/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, (request) =>
        thumbprintOf(request, house) === undefined ? undefined : claimsOf(request),
      ),
  },
  {
    name: 'certificate-from-header',
    flaw: 'the certificate is read from the header of the proxy, which lets through what clients write there',
    finds: ['proof/certificate-in-x-ssl-client-cert'],
    runs: ['proof/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, (request) => {
        const pem = decodeURIComponent(String(request.headers['x-ssl-client-cert'] ?? ''));
        const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
        const seen = createHash('sha256').update(der).digest('base64url');
        return thumbprintOf(request, house) === seen ? claimsOf(request) : undefined;
      }),
  },
];

/** What an otherwise honest token is bound to. */
function thumbprintOf(request: Seen, house: House): string | undefined {
  const token = bearerOf(request) ?? '';
  if (!hasStrictText(token) || !hasHonestHeader(token, house) || !hasSignature(token, house))
    return undefined;
  const claims = claimsOf(request);
  const { 'x5t#S256': thumbprint } = (claims?.['cnf'] ?? {}) as JsonObject;
  const isSound = hasHonestClaims(claims, house, ['crr']) && typeof thumbprint === 'string';
  return isSound ? thumbprint : undefined;
}

function claimsOf(request: Seen): JsonObject | undefined {
  return opened(bearerOf(request) ?? '', 1);
}
