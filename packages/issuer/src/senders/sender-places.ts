import { senderNetworks, unnamedSender } from './sender-networks.ts';

/** Who asks for a place, and under which name it is kept. */
export interface PlaceAsked {
  readonly name: string;
  readonly address: string;
  readonly clientId: string;
  /** How many of this client one sender may have open, and all together whom the proxy does not name. */
  readonly ofClient: { readonly each: number; readonly unnamed: number };
}

/** What one sender has open at once, so that nobody takes everybody's places; each process counts its own. */
export interface SenderPlaces {
  /** False: its sender has too many open, and nothing was taken. */
  readonly take: (asked: PlaceAsked) => boolean;
  /** Gives a place back before its time; a name that holds none is none's. */
  readonly leave: (name: string) => void;
}

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
  const taken = new Map<string, number>();
  const leave = (name: string): void => {
    for (const counter of held.get(name)?.counters ?? []) {
      const left = (taken.get(counter) ?? 1) - 1;
      if (left === 0) taken.delete(counter);
      else taken.set(counter, left);
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
  return {
    take: ({ name, address, clientId, ofClient }) => {
      leaveOver();
      const kind = address === unnamedSender ? 'unnamed' : 'each';
      const networks = kind === 'unnamed' ? [{ name: address, worth: 1 }] : senderNetworks(address);
      const bounds = networks.flatMap(({ name: network, worth }) => [
        { counter: network, atMost: together[kind] * worth },
        { counter: `${network} ${clientId}`, atMost: ofClient[kind] * worth },
      ]);
      if (bounds.some(({ counter, atMost }) => (taken.get(counter) ?? 0) >= atMost)) return false;
      const counters = bounds.map(({ counter }) => counter);
      for (const counter of counters) taken.set(counter, (taken.get(counter) ?? 0) + 1);
      held.set(name, { until: clock() + life, counters });
      return true;
    },
    leave,
  };
}
