import { bearerOf, hasHonestClaims, hasHonestHeader, hasStrictText, opened } from './strict.ts';
import { openWeak } from './strong.ts';
import type { Target } from './target.ts';

/** Servers that take tokens without a signature. */
export const tokenTargets: readonly Target[] = [
  {
    name: 'none-allowed',
    flaw: 'a library that honours alg "none" because the header says so',
    finds: ['token/alg-none', 'token/none-'],
    runs: ['token/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, (request) => {
        const token = bearerOf(request) ?? '';
        const isNone = opened(token, 0)?.['alg'] === 'none' && /^[\w-]+\.[\w-]+\.$/.test(token);
        const claims = opened(token, 1);
        return isNone && hasHonestClaims(claims, house) ? claims : undefined;
      }),
  },
  {
    name: 'decoded-not-verified',
    flaw: 'decode() was called where verify() was meant: the signature is never looked at',
    finds: [
      'token/subject-changed',
      'token/claim-added',
      'token/life-',
      'token/scope-',
      'token/signature-',
      'signature/',
    ],
    runs: ['token/', 'signature/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, (request) => {
        const token = bearerOf(request) ?? '';
        const claims = opened(token, 1);
        const isWhole = hasStrictText(token) && hasHonestHeader(token, house);
        return isWhole && hasHonestClaims(claims, house) ? claims : undefined;
      }),
  },
];
