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
   * take none of its places.
   *
   * @throws AuthError `requests_exceeded`.
   */
  readonly demandRoom: (client: ClientRow, sentBy: SentBy) => Promise<void>;
}

/** Once so many wait, whoever proved nothing is refused. */
const together = 100_000;
/** Of one client: what operators registered may be many people's, what registered itself should take no one's place. */
const ofClient = { operator: 50_000, dynamic: 2000, document: 2000 } as const;
/** Of what waits of one client: one sender's share, so that it takes many to shut others out. */
export const ofSender = { operator: 200, dynamic: 50, document: 50 } as const;
/** In ms: the store is asked once in a while, and in between this process counts its own. */
const countedFor = 1000;

/** Watches the ceiling over a store; `clock` in ms. What replicas take within the same second each may exceed it. */
export function createRequestCeiling(options: {
  storage: Pick<Storage, 'countOpenRequests'>;
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
  return {
    demandRoom: async (client, sentBy) => {
      const open = await count();
      const its = open.of.get(client.id) ?? { client: 0, anybody: 0 };
      const isFull = its[sentBy.kind] >= ofClient[client.registration.by];
      if (isFull || (sentBy.kind === 'anybody' && open.together >= together))
        throw new AuthError('requests_exceeded');
      open.of.set(client.id, { ...its, [sentBy.kind]: its[sentBy.kind] + 1 });
      if (sentBy.kind === 'anybody') open.together += 1;
    },
  };
}

/** What waits, as counted a moment ago, and what this process has added since; `together` proved nothing. */
interface Open {
  readonly of: Map<string, OpenRequests>;
  together: number;
}

function add(counts: ReadonlyMap<string, OpenRequests>): Open {
  return {
    of: new Map(counts),
    together: [...counts.values()].reduce((sum, { anybody }) => sum + anybody, 0),
  };
}
