import { createGuard, type Guard } from '@symbolon/guard';
import { viewOfNode } from '@symbolon/guard/node';
import { AuthError } from '@symbolon/token';
import type { JsonObject } from '../../src/json.ts';
import type { House } from './house.ts';
import { welcome, type Answer, type Handler, type Opened, type Seen, type Target } from './target.ts';

/** A check with a mistake: the claims of a request that it lets in, or undefined. It may throw. */
export type Flaw = (request: Seen) => Promise<JsonObject | undefined> | JsonObject | undefined;

/** Servers in which there is nothing to find: our guard, for each way in which a token travels. */
export const strong: readonly Target[] = (['bearer', 'dpop'] as const).map((carrier) => ({
  name: `strong-${carrier}`,
  finds: [],
  runs: [''],
  carrier,
  start: openStrong,
}));

/** A strong server. */
export async function openStrong(house: House): Promise<Opened> {
  const { guard, handle } = await guarded(house);
  return {
    handle,
    close: () => {
      guard.close();
    },
  };
}

/** A server that is strong but for one mistake: what `flaw` lets in is let in, before anything else is looked at. */
export async function openWeak(house: House, flaw: Flaw): Promise<Opened> {
  const { guard, handle } = await guarded(house);
  return {
    handle: async (request) => {
      const claims = await attempt(flaw, request);
      return claims === undefined ? handle(request) : welcome(claims);
    },
    close: () => {
      guard.close();
    },
  };
}

/** What a flawed check throws is its no. */
async function attempt(flaw: Flaw, request: Seen): Promise<JsonObject | undefined> {
  try {
    return await flaw(request);
  } catch {
    return undefined;
  }
}

async function guarded(house: House): Promise<{ guard: Guard; handle: Handler }> {
  const guard = createGuard({
    issuer: house.issuer,
    audience: house.audience,
    bearer: 'accept',
    // This house publishes keys and no feed.
    staleFeed: 'accept',
  });
  await guard.ready();
  const handle: Handler = async (request) => {
    try {
      const session = await guard.authenticate(viewOfNode(request));
      return welcome({ sub: session.subject });
    } catch (error) {
      return refused(guard, error);
    }
  };
  return { guard, handle };
}

function refused(guard: Guard, error: unknown): Answer {
  if (!(error instanceof AuthError)) throw error;
  return guard.challenge(error);
}
