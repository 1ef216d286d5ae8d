import { BlockList, isIP } from 'node:net';

/** What is not for the public internet, of version 4 (RFC 6890 and its registry). */
const strange4 = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  strange4.addSubnet(network, bits, 'ipv4');

/** Of version 6 only 2000::/3 is given out, and of that not what leads into version 4 or nowhere. */
const given6 = new BlockList();
given6.addSubnet('2000::', 3, 'ipv6');
const strange6 = new BlockList();
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  strange6.addSubnet(network, bits, 'ipv6');

/** Whether an IP address is one of the public internet: what is not may be a machine of our own that trusts us. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !strange4.check(address, 'ipv4');
  return isIP(address) === 6 && given6.check(address, 'ipv6') && !strange6.check(address, 'ipv6');
}

/** Whether an IP address is this machine itself. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}
