import type { LookupAddress } from 'node:dns';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { createLookup, systemLookup, type Lookup } from './name-lookup.ts';
import { isLoopbackAddress, isPublicAddress } from './public-addresses.ts';
import { isThisMachine } from '../this-machine.ts';

/** What the issuer sends to an address that somebody else has named. */
export interface OutboundRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** More than that is not read. */
  readonly maxBytes: number;
  /** In ms, for everything. */
  readonly within: number;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends one request: no redirect is followed, no cookie kept. Rejects for everything that is not a whole answer in time. */
export type Outbound = (request: OutboundRequest) => Promise<OutboundAnswer>;

/**
 * Makes the one way in which the issuer calls addresses that others have named: https to the public internet, and, for
 * an issuer that is itself on loopback, http and https to loopback. The address that was judged is the one that is
 * connected to: nobody can change the name's address in between (DNS rebinding). Of several, each must be allowed.
 */
export function createOutbound(options: { loopback: boolean; lookup?: Lookup }): Outbound {
  const { lookup = options.loopback ? systemLookup : createLookup() } = options;
  const isAllowed = (address: string): boolean =>
    isPublicAddress(address) || (options.loopback && isLoopbackAddress(address));
  return async (asked) => {
    const url = new URL(asked.url);
    const literal = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0 && !isAllowed(literal)) throw new Error(refused);
    if (url.protocol !== 'https:' && !(options.loopback && url.protocol === 'http:'))
      throw new Error(refused);
    if (!options.loopback && isThisMachine(url.hostname)) throw new Error(refused);
    if (url.username !== '' || url.password !== '') throw new Error(refused);
    return send(url, asked, judgedLookup(lookup, isAllowed));
  };
}

const refused = 'this address is not called: expected https to a public one';

function judgedLookup(lookup: Lookup, isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    const answer = (addresses: readonly LookupAddress[]): void => {
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isAllowed(address)))
        callback(new Error(refused), '', 4);
      else if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    };
    lookup(hostname).then(answer, (error: unknown) => {
      callback(error instanceof Error ? error : new Error(refused, { cause: error }), '', 4);
    });
  };
}

function send(url: URL, asked: OutboundRequest, lookup: LookupFunction): Promise<OutboundAnswer> {
  return new Promise((resolve, reject) => {
    const body = asked.body ?? '';
    const options: RequestOptions = {
      method: asked.method,
      headers: {
        accept: '*/*',
        ...asked.headers,
        ...(body === '' ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
      lookup,
      agent: false,
      signal: AbortSignal.timeout(asked.within),
    };
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const sent = request(url, options, (answer) => {
      readAtMost(answer, asked.maxBytes).then((text) => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
      }, reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

async function readAtMost(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) {
      answer.destroy();
      throw new Error(`the answer is longer than ${String(maxBytes)} bytes`);
    }
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
