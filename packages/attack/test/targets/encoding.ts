import { createVerifier } from 'fast-jwt';
import { compactVerify, importJWK } from 'jose';

import { hasHonestClaims, hasHonestHeader, hasSignature, opened, looseBearerOf } from './strict.ts';
import { openStrong, openWeak } from './strong.ts';
import type { Target } from './target.ts';

/** Servers that take more texts for a token than the one that the issuer wrote. */
export const encodingTargets: readonly Target[] = [
  {
    name: 'buffer-from-anything',
    flaw: 'Buffer.from(…, "base64url") skips what it does not know, and nobody looks at the text itself',
    finds: [
      'encoding/byte-21-in-signature',
      'encoding/byte-',
      'encoding/padding',
      'encoding/trailing-bits',
      'encoding/other-alphabet',
    ],
    runs: ['encoding/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, (request) => {
        const token = looseBearerOf(request);
        const isSigned = token.split('.').length === 3 && hasSignature(token, house);
        const claims = isSigned && hasHonestHeader(token, house) ? opened(token, 1) : undefined;
        return hasHonestClaims(claims, house) ? claims : undefined;
      }),
  },
  {
    name: 'jose-as-it-comes',
    flaw: 'jose decodes with atob(): spaces, padding and unused bits in the signature do not count',
    finds: ['encoding/byte-20-in-signature', 'encoding/byte-', 'encoding/padding', 'encoding/trailing-bits'],
    runs: ['encoding/'],
    carrier: 'bearer',
    start: async (house) => {
      const key = await importJWK(house.jwk, house.alg);
      return openWeak(house, async (request) => {
        const token = looseBearerOf(request);
        await compactVerify(token, key, { algorithms: [house.alg] });
        const claims = opened(token, 1);
        return hasHonestHeader(token, house) && hasHonestClaims(claims, house) ? claims : undefined;
      });
    },
  },
  {
    name: 'fast-jwt-as-it-comes',
    flaw: 'fast-jwt looks at the alphabet, but not at the unused bits of the last character',
    finds: ['encoding/trailing-bits'],
    runs: ['encoding/'],
    carrier: 'bearer',
    start: (house) => {
      const check = createVerifier({ key: house.pem, algorithms: ['EdDSA'] });
      return openWeak(house, (request) => {
        const token = looseBearerOf(request);
        const isSigned = typeof check(token) === 'object' && hasHonestHeader(token, house);
        const claims = opened(token, 1);
        return isSigned && hasHonestClaims(claims, house) ? claims : undefined;
      });
    },
  },
  {
    name: 'verified-after-rewriting',
    flaw: 'decodes header and payload, writes them again, and verifies what it wrote instead of what came',
    finds: ['encoding/byte-21-in-payload', 'encoding/byte-'],
    runs: ['encoding/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, (request) => {
        const token = looseBearerOf(request);
        const [, , signature = '', ...more] = token.split('.');
        if (more.length > 0) return undefined;
        const parts = [opened(token, 0), opened(token, 1)].map((part) => encoded(part));
        const rewritten = `${parts.join('.')}.${signature}`;
        const isSigned =
          /^[\w-]{86}$/.test(signature) && isTight(signature) && hasSignature(rewritten, house);
        const claims = opened(rewritten, 1);
        const isHonest = hasHonestHeader(rewritten, house) && hasHonestClaims(claims, house);
        return isSigned && isHonest ? claims : undefined;
      }),
  },
  {
    name: 'header-parsed-outside-try',
    flaw: 'middleware reads the kid to choose a log channel before the handler with its try block is reached',
    finds: ['encoding/odd-'],
    runs: ['encoding/'],
    carrier: 'bearer',
    start: async (house) => {
      const strong = await openStrong(house);
      return {
        ...strong,
        handle: (request) => {
          const [header = ''] = looseBearerOf(request).split('.');
          if (kidOf(header).length > 100) return { status: 400 };
          return strong.handle(request);
        },
      };
    },
  },
];

function encoded(part: object | undefined): string {
  return Buffer.from(JSON.stringify(part ?? null)).toString('base64url');
}

function isTight(text: string): boolean {
  return Buffer.from(text, 'base64url').toString('base64url') === text;
}

function kidOf(header: string): string {
  if (header === '') return '';
  const { kid = '' } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid?: string };
  return kid;
}
