import { isIPv6 } from 'node:net';

/** Counts what one address tries. Nobody can be locked out by it: who is counted is the sender, not the account. */
export interface Attempts {
  /** Counts one try; false: too many, do nothing. Where the address is not known, nothing is counted. */
  readonly admit: (address: string | undefined) => boolean;
  /** After how many seconds, at most, whoever was not admitted is again. */
  readonly pause: number;
}

/** How many addresses are remembered: then the one that was counted first is forgotten, which lets it try again. */
const addressesAtMost = 10_000;
const minute = 60_000;
const hour = 60 * minute;

/** Lets every address try so many times a minute, or an hour; `clock` in ms. */
export function createAttempts(
  options: { clock: () => number } & ({ perMinute: number } | { perHour: number }),
): Attempts {
  const { clock } = options;
  const [atMost, within] = 'perMinute' in options ? [options.perMinute, minute] : [options.perHour, hour];
  const counted = new Map<string, { until: number; tries: number }>();
  return {
    pause: within / 1000,
    admit: (address) => {
      if (address === undefined) return true;
      const network = networkOf(address);
      const now = clock();
      const known = counted.get(network);
      if (known !== undefined && known.until > now) return ++known.tries <= atMost;
      counted.delete(network);
      counted.set(network, { until: now + within, tries: 1 });
      const [oldest] = counted.keys();
      if (counted.size > addressesAtMost && oldest !== undefined) counted.delete(oldest);
      return true;
    },
  };
}

/** Whoever has one address of version 6 has its whole /64 (RFC 6177): they are counted together. Else the address itself. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const { hostname } = new URL(`http://[${address.split('%')[0] ?? ''}]/`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const first = head.split(':').filter((part) => part !== '');
  const last = (tail ?? '').split(':').filter((part) => part !== '');
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  const parts = [...first, ...zeros, ...last];
  // ::ffff:0:0/96 is version 4 in other words.
  const isMapped = parts.slice(0, 5).every((part) => part === '0') && parts[5] === 'ffff';
  return isMapped ? inVersion4(parts.slice(6)) : parts.slice(0, 4).join(':');
}

function inVersion4(words: readonly string[]): string {
  return words
    .map((word) => parseInt(word, 16))
    .flatMap((word) => [word >> 8, word & 255])
    .join('.');
}
