import { randomBytes } from 'node:crypto';
import {
  generatePrivateJwk,
  importSigningKey,
  keySetHash,
  publishedJwk,
  signRevocations,
  type PublishedJwk,
} from '@symbolon/token';
import { issuer } from './tokens.ts';

/** A feed with many live revocations: the answers an issuer would give, by path. */
export interface FeedOfMany {
  readonly answer: (path: string) => Promise<Response>;
  readonly keys: readonly PublishedJwk[];
}

const perPage = 10_000;

/** Makes a feed in which `count` sessions were ended in the last minutes, in closed pages and a window. */
export async function createFeedOfMany(options: { count: number; kid: string }): Promise<FeedOfMany> {
  const key = await importSigningKey(await generatePrivateJwk('EdDSA'));
  const keySet = await keySetHash([options.kid]);
  const pages = Math.ceil(options.count / perPage);
  const start = Date.now() * 1000 - pages;
  const until = Math.ceil(Date.now() / 1000) + 3900;
  const entries = () =>
    Array.from({ length: perPage }, () => ({
      kind: 'session' as const,
      name: randomName(),
      cutAt: 0,
      until,
    }));
  const page = (from: number, to: number) =>
    signRevocations({ iss: issuer, from, to, floor: start, keys: keySet, entries: entries() }, key);
  const window = () =>
    signRevocations(
      { iss: issuer, from: start + pages, to: Date.now() * 1000, floor: start, keys: keySet, entries: [] },
      key,
    );
  const keys = [publishedJwk(key, 'feed')];
  return {
    keys,
    answer: async (path) => {
      if (path.startsWith('/keys')) return Response.json({ keys });
      const to = Number(path.slice('/pages/'.length));
      return new Response(await (path === '' ? window() : page(to - 1, to)));
    },
  };
}

function randomName(): string {
  return randomBytes(16).toString('base64url');
}
