import { issuerUrl } from './replica-orders.ts';

/** The way from everybody outside to the issuer's processes: a load balancer that a test can cut or bribe. */
export interface Road {
  /** Where the processes listen; asked in turn. */
  ports: readonly number[];
  /** Nothing gets through. */
  cut: boolean;
  /** Answers in place of the issuer; undefined: the issuer answers. */
  attacker: ((path: string) => Response | undefined) | undefined;
  readonly fetch: typeof fetch;
}

/** Lays a road. A process that cannot be connected to is passed over, as load balancers do. */
export function layRoad(ports: readonly number[]): Road {
  let turn = 0;
  const road: Road = {
    ports,
    cut: false,
    attacker: undefined,
    fetch: async (input, init) => {
      const { pathname, search } = new URL(input instanceof Request ? input.url : input);
      if (road.cut) throw new TypeError('the road is cut');
      const forged = road.attacker?.(pathname);
      if (forged !== undefined) return forged;
      const first = turn++;
      const inTurn = road.ports.map((_, at) => road.ports[(first + at) % road.ports.length]);
      for (const port of inTurn) {
        const answer = await knock(`http://127.0.0.1:${String(port)}${pathname}${search}`, init);
        if (answer !== undefined) return answer;
      }
      throw new TypeError(`nothing listens for ${issuerUrl}`);
    },
  };
  return road;
}

/** Undefined where nothing listens: the request was not sent, so it may go elsewhere. */
async function knock(url: string, init: RequestInit | undefined): Promise<Response | undefined> {
  try {
    return await fetch(url, init);
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    if (cause?.code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}
