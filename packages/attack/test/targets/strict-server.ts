import type { House } from './house.ts';
import { bearerOf, hasHonestClaims, hasHonestHeader, hasSignature, hasStrictText, opened } from './strict.ts';
import type { Flaw } from './strong.ts';
import { refusal, welcome, type Opened } from './target.ts';

/** A server without our guard that is strict but for one mistake: for algorithms that the guard does not take. */
export function openStrict(house: House, flaw: Flaw): Opened {
  return {
    handle: async (request) => {
      const claims = (await flaw(request)) ?? strictly(house, bearerOf(request) ?? '');
      return claims === undefined ? refusal : welcome(claims);
    },
  };
}

/** The claims of a token that is as honest ones are, or undefined. */
export function strictly(house: House, token: string): ReturnType<typeof opened> {
  if (!hasStrictText(token) || !hasHonestHeader(token, house) || !hasSignature(token, house))
    return undefined;
  const claims = opened(token, 1);
  return hasHonestClaims(claims, house) ? claims : undefined;
}
