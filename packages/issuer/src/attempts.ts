/** Counts what one address tries. Nobody can be locked out by it: who is counted is the sender, not the account. */
export interface Attempts {
  /** Counts one try; false: too many, do nothing. Where the address is not known, nothing is counted. */
  readonly admit: (address: string | undefined) => boolean;
}

/** How many addresses are remembered: then the one that was counted first is forgotten, which lets it try again. */
const addressesAtMost = 10_000;

/** Lets every address try so many times a minute; `clock` in ms. */
export function createAttempts(options: { perMinute: number; clock: () => number }): Attempts {
  const { perMinute, clock } = options;
  const counted = new Map<string, { until: number; tries: number }>();
  return {
    admit: (address) => {
      if (address === undefined) return true;
      const now = clock();
      const known = counted.get(address);
      if (known !== undefined && known.until > now) return ++known.tries <= perMinute;
      counted.delete(address);
      counted.set(address, { until: now + 60_000, tries: 1 });
      const [oldest] = counted.keys();
      if (counted.size > addressesAtMost && oldest !== undefined) counted.delete(oldest);
      return true;
    },
  };
}
