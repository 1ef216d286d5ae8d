import type { RequestView } from '@symbolon/guard';
import { guardFor } from '../guards.ts';
import type { Work } from '../harness/calculation.ts';
import { compete, each } from '../harness/contestant.ts';
import { many, type RevocationMaterial } from '../revocations.ts';

compete<RevocationMaterial>({
  'guard without a feed': (set) => guarded(set, 0),
  'guard that follows an empty feed': (set) => guarded(set, 1),
  'guard that knows 1,000,000 ends': (set) => guarded(set, many),
  'the look-up among 1,000,000 alone': lookUp,
});

async function guarded(set: RevocationMaterial, count: number): Promise<Work> {
  const { createFeedOfMany } = await import('../feed-of-many.ts');
  const feed =
    count === 0 ? undefined : await createFeedOfMany({ count: count === 1 ? 0 : count, kid: set.kid });
  const guard = await guardFor(set.jwk, { bearer: 'accept', ...(feed && { feed: feed.answer }) });
  const { entries, to } = guard.stats().feed;
  if (entries !== (count === many ? many : 0) || to > 0 !== count > 0)
    throw new Error('the feed was not heard');
  const prepared = guard.decide({ scope: 'orders:read' });
  return each(set.tokens.map(viewOf), prepared);
}

/** What a cached token costs once more after anything was learnt: every name of it is looked up. */
async function lookUp(set: RevocationMaterial): Promise<Work> {
  const { fillRevocations } = await import('../revocations.ts');
  const { revocableNames } = await import('../../packages/guard/src/revocations.ts');
  const { issuer } = await import('../tokens.ts');
  const { revocations } = await fillRevocations();
  const names = await Promise.all(
    set.tokens.map((token) => {
      const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
        sid: string;
        sh: string;
        client_id: string;
        sst: number;
      };
      return revocableNames(issuer, { claims, kid: set.kid });
    }),
  );
  return each(names, (name) => revocations.isEnded(name) || revocations.isKeyEnded(name.key));
}

function viewOf(token: string): RequestView {
  const authorization = `Bearer ${token}`;
  const get = (name: string): string | undefined => (name === 'authorization' ? authorization : undefined);
  return { method: 'GET', url: '/orders', headers: { get } };
}
