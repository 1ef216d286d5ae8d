import { AuthError } from '@symbolon/token';
import type { OpenRequests } from '../storage/port/registration-storage.ts';
import type { ClientRow } from '../storage/port/rows.ts';
import type { Storage } from '../storage/port/storage.ts';

/** Who has sent a request: its client, as it proved by its key, or whoever opened a link, where that is known. */
export type SentBy =
  { readonly kind: 'client' } | { readonly kind: 'anybody'; readonly address: string | undefined };

/** How many authorization requests wait for somebody to decide, at most. */
export interface RequestCeiling {
  /**
   * Counts one more.
   *
   * Whoever comes when all places are taken is refused, and no request gives way to another: else a stranger who sends
   * many could sign people out of the middle of a sign-in. What proved its key is counted apart, and strangers' links
   * take none of its places: but anybody may register a key, so the last places are for clients that a person has linked
   * or that an operator added.
   *
   * @throws AuthError `requests_exceeded`.
   */
  readonly demandRoom: (client: ClientRow, sentBy: SentBy) => Promise<void>;
}

/** Once so many wait, whoever proved nothing is refused. */
const together = 100_000;
/**
 * Of what proved its key so many wait altogether when a client is refused: one that registered itself and that no person
 * has linked, one that somebody has, one of an operator's.
 */
const proven = { unlinked: 50_000, linked: 100_000, operator: 150_000 } as const;
/** Of one client: what operators registered may be many people's, what registered itself should take no one's place. */
const ofClient = { operator: 50_000, dynamic: 2000, document: 2000 } as const;
/** Of what waits of one client: a sender's share, so that it takes many to shut others out. */
const ofSender = { operator: 200, dynamic: 50, document: 50 } as const;
/** What one sender may have waiting, and what all together whom the proxy does not name: half of what there is. */
export const senderShares = {
  /** Many people may share an address. */
  together: { each: 200, unnamed: together / 2 },
  ofClient: (by: keyof typeof ofClient) => ({ each: ofSender[by], unnamed: ofClient[by] / 2 }),
} as const;
/** In ms: the store is asked once in a while, and in between this process counts its own. */
const countedFor = 1000;
/** In seconds: pushed requests are over by then, and of the others some. */
export const retryAfter = 60;

/** Watches the ceiling over a store; `clock` in ms. What replicas take within the same second each may exceed it. */
export function createRequestCeiling(options: {
  storage: Pick<Storage, 'countOpenRequests' | 'isLinked'>;
  clock: () => number;
}): RequestCeiling {
  const { storage, clock } = options;
  let counted: { at: number; open: Promise<Open> } | undefined;
  const count = (): Promise<Open> => {
    if (counted !== undefined && Math.abs(clock() - counted.at) < countedFor) return counted.open;
    const counting = { at: clock(), open: storage.countOpenRequests().then(add) };
    counted = counting;
    // What could not be counted is counted anew for whoever comes next.
    counting.open.catch(() => {
      if (counted === counting) counted = undefined;
    });
    return counting.open;
  };
  const atMost = async ({ id, registration }: ClientRow, { kind }: SentBy): Promise<number> => {
    if (kind === 'anybody') return together;
    if (registration.by === 'operator') return proven.operator;
    // Only where it matters is the store asked.
    const { together: waits } = await count();
    return waits.client >= proven.unlinked && (await storage.isLinked(id)) ? proven.linked : proven.unlinked;
  };
  return {
    demandRoom: async (client, sentBy) => {
      const { kind } = sentBy;
      const bound = await atMost(client, sentBy);
      const open = await count();
      const its = open.of.get(client.id) ?? none;
      if (its[kind] >= ofClient[client.registration.by] || open.together[kind] >= bound)
        throw new AuthError('requests_exceeded', { detail: { retryAfter } });
      open.of.set(client.id, oneMore(its, kind));
      open.together = oneMore(open.together, kind);
    },
  };
}

/** What waits, as counted a moment ago, and what this process has added since. */
interface Open {
  readonly of: Map<string, OpenRequests>;
  together: OpenRequests;
}

const none: OpenRequests = { client: 0, anybody: 0 };

function oneMore(open: OpenRequests, kind: SentBy['kind']): OpenRequests {
  return { ...open, [kind]: open[kind] + 1 };
}

function add(counts: ReadonlyMap<string, OpenRequests>): Open {
  let sum = none;
  for (const { client, anybody } of counts.values())
    sum = { client: sum.client + client, anybody: sum.anybody + anybody };
  return { of: new Map(counts), together: sum };
}
