import type { RequestView } from '@symbolon/guard';
import type { Work } from '../harness/calculation.ts';
import { compete, each } from '../harness/contestant.ts';
import { audience, issuer } from '../tokens.ts';
import type { CachedMaterial } from '../verify-cached.ts';

compete<CachedMaterial>({
  'fast-jwt with cache': (set) => fastJwt(set, {}),
  'fast-jwt with cache keyed by the text': (set) => fastJwt(set, { cacheKeyBuilder: (token) => token }),
  'symbolon guard, prepared as in adapters': (set) => guarded(set, 'prepared'),
  'symbolon guard.authenticate': (set) => guarded(set, 'authenticate'),
  'symbolon cache alone': cacheAlone,
});

const bearer = 'Bearer ';

function headersOf(set: CachedMaterial): readonly string[] {
  return set.tokens.map((token) => bearer + token);
}

async function fastJwt(
  set: CachedMaterial,
  options: { cacheKeyBuilder?: (token: string) => string },
): Promise<Work> {
  const { createVerifier } = await import('fast-jwt');
  const check = createVerifier({
    key: set.pem,
    algorithms: ['EdDSA'],
    allowedIss: issuer,
    allowedAud: audience,
    checkTyp: 'at+jwt',
    cache: 1024,
    ...options,
  });
  return each(headersOf(set), (header) => check(header.slice(bearer.length)) as unknown);
}

async function guarded(set: CachedMaterial, how: 'prepared' | 'authenticate'): Promise<Work> {
  const { guardFor } = await import('../guards.ts');
  const guard = await guardFor(set.jwk, { bearer: 'accept' });
  const prepared = guard.decide({ scope: 'orders:read' });
  const views = headersOf(set).map(viewOf);
  return how === 'prepared'
    ? each(views, prepared)
    : each(views, (view) => guard.authenticate(view, { scope: 'orders:read' }));
}

/** What the guard keeps its verified tokens in, and the one check of a token that every hit repeats. */
async function cacheAlone(set: CachedMaterial): Promise<Work> {
  const { createVerifiedTokens, verifyEntry } = await import('../../packages/guard/src/verified-tokens.ts');
  const { checkTimes, headerTable, importPublicKey } = await import('@symbolon/token');
  const table = headerTable(new Map([[issuer, [await importPublicKey(set.jwk)]]]));
  const cache = createVerifiedTokens(16 * 2 ** 20);
  for (const text of set.tokens) {
    cache.keep(text, await verifyEntry(text, { table, issuer, audience, now: Date.now() / 1000 }));
  }
  return each(headersOf(set), (header) => {
    const entry = cache.find(header.slice(bearer.length));
    if (entry === undefined) throw new Error('a token left the cache');
    checkTimes(entry.token.claims, Date.now() / 1000);
    return entry;
  });
}

function viewOf(authorization: string): RequestView {
  const get = (name: string): string | undefined => (name === 'authorization' ? authorization : undefined);
  return { method: 'GET', url: '/orders', headers: { get } };
}
