import type { LookupAddress } from 'node:dns';
import { lookup, Resolver } from 'node:dns/promises';

/** Every address of a host name. */
export type Lookup = (hostname: string) => Promise<readonly LookupAddress[]>;

/** As the system has it, its file of hosts and `localhost` as well: for an issuer on a developer's machine. */
export const systemLookup: Lookup = (hostname) => lookup(hostname, { all: true });

/**
 * Asks the name servers itself. The system's look-up holds one of a few threads until it is answered, so that two names
 * whose servers are silent would hold up every look-up of the process; and strangers choose these names.
 */
export function createLookup(options: { servers?: readonly string[] } = {}): Lookup {
  return async (hostname) => {
    const resolver = new Resolver({ timeout: 1000, tries: 2 });
    if (options.servers !== undefined) resolver.setServers(options.servers);
    const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const addresses = [...addressesOf(four, 4), ...addressesOf(six, 6)];
    if (addresses.length === 0 && four.status === 'rejected') throw four.reason;
    return addresses;
  };
}

const addressesOf = (found: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] =>
  found.status === 'fulfilled' ? found.value.map((address) => ({ address, family })) : [];
