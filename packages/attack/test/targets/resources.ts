import { pbkdf2 } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { bearerOf, opened } from './strict.ts';
import { openStrong, openWeak } from './strong.ts';
import type { Target } from './target.ts';

/** As much as one test can afford: more than the time that the matrix calls slow, of one core. */
const affordable = 8_000_000;

/** Servers that small requests keep busy. */
export const resourcesTargets: readonly Target[] = [
  {
    name: 'pbes2-count',
    flaw: 'encrypted tokens are opened by password, as often hashed as the token asks',
    finds: ['resources/pbes2-count'],
    runs: ['resources/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, async (request) => {
        const count = opened(bearerOf(request) ?? '', 0)?.['p2c'];
        if (typeof count !== 'number') return undefined;
        await promisify(pbkdf2)('password', 'salt', Math.min(count, affordable), 16, 'sha256');
        return undefined;
      }),
  },
  {
    name: 'slow-on-long-tokens',
    flaw: 'a scan of the token takes the square of its length, and nothing bounds the length',
    finds: ['resources/'],
    // Each attack here takes its time: three of them show it.
    runs: ['resources/dots', 'resources/one-long-segment', 'resources/long-kid'],
    carrier: 'bearer',
    start: async (house) => {
      const { handle, ...rest } = await openStrong(house);
      return {
        ...rest,
        handle: async (request) => {
          const { length } = request.headers.authorization ?? '';
          // In place of the work itself, which would keep every other test from running.
          if (length > 6000) await wait(Math.min((length / 1000) ** 2 * 30, 1400));
          return handle(request);
        },
      };
    },
  },
  {
    name: 'throws-on-odd-input',
    flaw: 'the header is parsed before the check that would catch what parsing throws',
    finds: ['resources/fault-'],
    runs: ['resources/'],
    carrier: 'bearer',
    start: async (house) => {
      const { handle, ...rest } = await openStrong(house);
      return {
        ...rest,
        handle: (request) => {
          const [head = ''] = (bearerOf(request) ?? '').split('.');
          if (head !== '') JSON.parse(Buffer.from(head, 'base64url').toString('utf8'));
          return handle(request);
        },
      };
    },
  },
];
