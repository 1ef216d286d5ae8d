import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { unnamedSender } from './sender-networks.ts';

/** What the server knows of a request's way: its headers, and who is at the other end of the connection. */
export interface Arrival {
  readonly headers: IncomingHttpHeaders;
  readonly socket?: { readonly remoteAddress?: string | undefined };
}

/**
 * Says how the address of a sender is found; undefined where it is not known, and nobody is then counted by it. Whom a
 * proxy does not name that was to name everybody is {@link unnamedSender}.
 *
 * This server ends no TLS: whoever connects to an https issuer is a proxy, for everybody alike. Counted by its address,
 * one stranger would use up what all people may do. And what it says in `X-Forwarded-For` is believed only where the
 * installer says that nobody else reaches the port, for anybody may send that header.
 */
export function senderAddress({
  issuer,
  behindProxy,
}: {
  issuer: string;
  behindProxy: boolean;
}): (arrival: Arrival) => string | undefined {
  if (behindProxy) return ({ headers }) => lastForwarded(headers['x-forwarded-for']) ?? unnamedSender;
  if (new URL(issuer).protocol === 'https:') return () => undefined;
  return ({ socket }) => socket?.remoteAddress;
}

/** What the proxy next to us added comes last; whatever stands before it was said by strangers. */
function lastForwarded(said: string | readonly string[] | undefined): string | undefined {
  const last = said?.toString().split(',').at(-1)?.trim() ?? '';
  // Some proxies add the port, which is another one with each connection.
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(last)?.[1] ?? /^([\d.]+):\d+$/.exec(last)?.[1] ?? last;
  return isIP(bare) === 0 ? undefined : bare;
}
