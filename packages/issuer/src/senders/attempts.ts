import { senderNetworks, unnamedSender } from './sender-networks.ts';

/** Counts what one address tries. Nobody can be locked out by it: who is counted is the sender, not the account. */
export interface Attempts {
  /** Counts one try; false: too many, do nothing. Where the address is not known, nothing is counted. */
  readonly admit: (address: string | undefined) => boolean;
  /** After how many seconds, at most, whoever was not admitted is again. */
  readonly pause: number;
}

/** How many networks are remembered: then the one that was counted first is forgotten, which lets it try again. */
const networksAtMost = 10_000;
const minute = 60_000;
const hour = 60 * minute;

type Counted = Map<string, { until: number; tries: number }>;

/**
 * Lets every address try so many times a minute, or an hour; `clock` in ms. `unnamed`: so many times all together whom
 * the proxy does not name; left out, they are not counted.
 */
export function createAttempts(
  options: { clock: () => number; unnamed?: number } & ({ perMinute: number } | { perHour: number }),
): Attempts {
  const { clock } = options;
  const [atMost, within] = 'perMinute' in options ? [options.perMinute, minute] : [options.perHour, hour];
  // Each width has a memory of its own, so that no width makes another forget.
  const narrow: Counted = new Map();
  const wide: Counted = new Map();
  const unnamed: Counted = new Map();
  const count = (counted: Counted, network: string): number => {
    const now = clock();
    const known = counted.get(network);
    if (known !== undefined && known.until > now) return ++known.tries;
    counted.delete(network);
    counted.set(network, { until: now + within, tries: 1 });
    const [oldest] = counted.keys();
    if (counted.size > networksAtMost && oldest !== undefined) counted.delete(oldest);
    return 1;
  };
  return {
    pause: within / 1000,
    admit: (address) => {
      if (address === undefined) return true;
      if (address === unnamedSender)
        return options.unnamed === undefined || count(unnamed, address) <= options.unnamed;
      // The narrow one first: what it is refused uses nothing of its neighbours' up.
      return senderNetworks(address).every(
        ({ name, worth }) => count(worth === 1 ? narrow : wide, name) <= atMost * worth,
      );
    },
  };
}
