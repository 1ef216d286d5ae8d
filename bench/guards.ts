import { createGuard, type Guard } from '@symbolon/guard';
import { importPublicKey, publishedJwk, type PublicJwk } from '@symbolon/token';
import { audience, issuer } from './tokens.ts';

const running = 10_000; // ms

/**
 * Makes a guard that knows one key and needs no network to learn it.
 *
 * To its clock it was made ten seconds ago: proofs made around a guard's start are challenged, and that is
 * not what is measured.
 */
export async function guardFor(
  jwk: PublicJwk,
  {
    feed,
    ...options
  }: { bearer?: 'accept'; publicUrl?: string; feed?: (path: string) => Promise<Response> } = {},
): Promise<Guard> {
  const keys = [publishedJwk(await importPublicKey(jwk), 'session')];
  let back = running;
  const guard = createGuard({
    issuer,
    audience,
    jwksUri: `${issuer}/jwks`,
    fetch: (input) => {
      const [, path] = (input as string).split(`${issuer}/revocations`);
      return path === undefined || feed === undefined ? Promise.resolve(Response.json({ keys })) : feed(path);
    },
    clock: () => Date.now() - back,
    staleFeed: 'accept',
    ...options,
  });
  back = 0;
  await guard.ready();
  return guard;
}
