import { isIPv6 } from 'node:net';

/**
 * Instead of an address: a proxy that was to name everybody has named none. All these are one sender, which may take half
 * of what there is for everybody and no more: so nobody who is named is shut out by them. Rates that have no total, and
 * only spare the store, do not count them: a stranger among them would shut out all others.
 */
export const unnamedSender = 'unnamed';

/** A network that a sender is counted with, and how many senders' worth it may send. */
export interface SenderNetwork {
  readonly name: string;
  readonly worth: number;
}

/** A /48 holds 65,536 networks, and hosters give one away to whoever asks: they may send what eight of them may. */
const worthOfSite = 8;

/**
 * With whom an address is counted, the narrowest first: of version 4 itself, of version 6 its /64, which whoever has one
 * address of has whole (RFC 6177), and its /48.
 */
export function senderNetworks(address: string): readonly SenderNetwork[] {
  if (!isIPv6(address)) return [{ name: address, worth: 1 }];
  const parts = partsOf(address);
  // ::ffff:0:0/96 is version 4 in other words.
  const isMapped = parts.slice(0, 5).every((part) => part === '0') && parts[5] === 'ffff';
  if (isMapped) return [{ name: inVersion4(parts.slice(6)), worth: 1 }];
  return [
    { name: parts.slice(0, 4).join(':'), worth: 1 },
    { name: `${parts.slice(0, 3).join(':')}/48`, worth: worthOfSite },
  ];
}

function partsOf(address: string): readonly string[] {
  const { hostname } = new URL(`http://[${address.split('%')[0] ?? ''}]/`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const first = head.split(':').filter((part) => part !== '');
  const last = (tail ?? '').split(':').filter((part) => part !== '');
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  return [...first, ...zeros, ...last];
}

function inVersion4(words: readonly string[]): string {
  return words
    .map((word) => parseInt(word, 16))
    .flatMap((word) => [word >> 8, word & 255])
    .join('.');
}
