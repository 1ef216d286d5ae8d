import type { Credential, HeaderList } from '@symbolon/attack';
import { importSigningKey, signProof } from '@symbolon/token';

/** The proof (RFC 9449) by which a credential's holder asks an issuer, as a header; none for what is not bound. */
export async function proofFor(
  { carrier }: Credential,
  { method, url }: { method: string; url: string },
): Promise<HeaderList> {
  if (carrier.kind !== 'dpop') return [];
  const { privateKey, alg } = carrier.key;
  const key = await importSigningKey({ ...privateKey.export({ format: 'jwk' }), alg });
  return [['DPoP', await signProof({ method, url, now: Date.now() / 1000 }, key)]];
}
