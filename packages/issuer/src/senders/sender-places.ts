import { senderNetworks, unnamedSender } from './sender-networks.ts';

/** Who asks for a place, and under which name it is kept. */
export interface PlaceAsked {
  readonly name: string;
  readonly address: string;
  readonly clientId: string;
  /** How many of this client one sender may have open, and all together whom the proxy does not name. */
  readonly ofClient: { readonly each: number; readonly unnamed: number };
}

/** What one sender has open at once, so that nobody takes everybody's places; each process counts what it was asked for. */
export interface SenderPlaces {
  /** False: its sender has too many open, and nothing was taken. */
  readonly take: (asked: PlaceAsked) => boolean;
  /** The names that stand in its way, the oldest of them: what another process answered meanwhile holds no place any more. */
  readonly inTheWayOf: (asked: PlaceAsked) => readonly string[];
  /** Gives a place back before its time; a name that holds none is none's. */
  readonly leave: (name: string) => void;
}

/** How many names are looked at for one that is refused: a look costs the store a little for each. */
const lookedAtOnce = 2000;
/** A full memory forgets whoever came first, whose places are then free for others: the ceiling still holds. */
const remembered = 100_000;

/** Counts places that free themselves after `life` (ms); `clock` in ms. */
export function createSenderPlaces(options: {
  clock: () => number;
  life: number;
  /** How many one sender may have open altogether, and all whom the proxy does not name. */
  together: { readonly each: number; readonly unnamed: number };
}): SenderPlaces {
  const { clock, life, together } = options;
  const held = new Map<string, { until: number; counters: readonly string[] }>();
  const taken = new Map<string, Set<string>>();
  const leave = (name: string): void => {
    for (const counter of held.get(name)?.counters ?? []) {
      const names = taken.get(counter);
      names?.delete(name);
      if (names?.size === 0) taken.delete(counter);
    }
    held.delete(name);
  };
  const leaveOver = (): void => {
    for (const [name, { until }] of held) {
      // All have the same life, so that the first is over first.
      if (until > clock() && held.size < remembered) return;
      leave(name);
    }
  };
  const boundsOf = ({ address, clientId, ofClient }: PlaceAsked): { counter: string; full: boolean }[] => {
    const kind = address === unnamedSender ? 'unnamed' : 'each';
    const networks = kind === 'unnamed' ? [{ name: address, worth: 1 }] : senderNetworks(address);
    return networks
      .flatMap(({ name: network, worth }) => [
        { counter: network, atMost: together[kind] * worth },
        { counter: `${network} ${clientId}`, atMost: ofClient[kind] * worth },
      ])
      .map(({ counter, atMost }) => ({ counter, full: (taken.get(counter)?.size ?? 0) >= atMost }));
  };
  return {
    take: (asked) => {
      leaveOver();
      const bounds = boundsOf(asked);
      if (bounds.some(({ full }) => full)) return false;
      const counters = bounds.map(({ counter }) => counter);
      for (const counter of counters) taken.set(counter, (taken.get(counter) ?? new Set()).add(asked.name));
      held.set(asked.name, { until: clock() + life, counters });
      return true;
    },
    inTheWayOf: (asked) => {
      const names = boundsOf(asked).flatMap(({ counter, full }) =>
        full ? [...(taken.get(counter) ?? [])] : [],
      );
      return [...new Set(names)].slice(0, lookedAtOnce);
    },
    leave,
  };
}
