import type { Revocation } from '@symbolon/token';
import type { FeedSaying } from './feed-window.ts';
import type { FeedEntry, FeedPage } from '../storage/port/feed-storage.ts';

/** The closed pages of the feed. */
export interface FeedPages {
  /** The page that ends at a position, signed, or undefined where there is none. */
  readonly find: (to: number) => Promise<string | undefined>;
  /** The key that signed what is kept may be gone. */
  readonly forgetStatements: () => void;
}

/** How many signed pages are kept, and for how long (ms): a page takes long to sign and anybody may ask for it. */
const keptAtMost = 16;
const keptFor = 60_000;

/** Opens the pages. Only pages that exist are kept, so that asking for others pushes none out. */
export function openPages(options: {
  read: (to: number) => Promise<FeedPage | null>;
  nameEntries: (entries: readonly FeedEntry[]) => Promise<readonly Revocation[]>;
  sign: (said: FeedSaying) => Promise<string>;
  elapsed: () => number;
}): FeedPages {
  const { read, nameEntries, sign, elapsed } = options;
  const kept = new Map<number, { readonly page: Promise<string | undefined>; readonly at: number }>();

  const make = async (to: number): Promise<string | undefined> => {
    const page = await read(to);
    return page === null ? undefined : sign({ ...page, entries: await nameEntries(page.entries) });
  };

  const drop = (to: number, page: Promise<string | undefined>): void => {
    if (kept.get(to)?.page === page) kept.delete(to);
  };

  return {
    forgetStatements: () => {
      kept.clear();
    },
    find: async (to) => {
      const known = kept.get(to);
      if (known !== undefined && elapsed() - known.at < keptFor) return known.page;
      const page = make(to);
      kept.delete(to);
      kept.set(to, { page, at: elapsed() });
      page.then(
        (text) => {
          if (text === undefined) drop(to, page);
          for (const oldest of [...kept.keys()].slice(0, -keptAtMost)) kept.delete(oldest);
        },
        () => {
          drop(to, page);
        },
      );
      return page;
    },
  };
}
