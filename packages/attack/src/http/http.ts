import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { keptBody, type HeaderList, type Reply, type RequestParts } from './exchange.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { sendRaw } from './raw-http.ts';
import { trusted } from './trusted.ts';

/** A client of hostile servers. */
export interface HttpClient {
  /** Sends one request. Never throws for what a server does, follows no redirect, and holds {@link Limits}. */
  readonly send: (request: RequestParts) => Promise<Reply>;
  readonly close: () => void;
}

// What node:http refuses to send; an attack may want it sent, and then the bytes are written by hand.
const sendable = /^[\t\x20-\x7e\x80-\xff]*$/;

// A server that lets us wait again and again is waited for less and less: a thousand attacks must end.
const patience = { timeouts: 3, least: 100, margin: 4 };

/**
 * Makes a client that keeps connections open between requests.
 *
 * Every third timeout halves the time that further requests get, down to 100 ms or four times the longest that any
 * answer took. `ca` (PEM) is trusted beside the authorities that Node trusts.
 */
export function createHttpClient(limits: Limits = defaultLimits, { ca }: { ca?: string } = {}): HttpClient {
  const seen = { timeouts: 0, slowest: 0 };
  const trust = trusted(ca);
  const agents = {
    plain: new HttpAgent({ keepAlive: true, maxSockets: 64 }),
    tls: new HttpsAgent({ keepAlive: true, maxSockets: 64, ...trust }),
  };
  return {
    send: async (request) => {
      const now = { ...limits, timeout: timeoutAfter(seen, limits) };
      const reply = await (needsRaw(request)
        ? sendRaw(request, { ...now, ...trust })
        : exchange(request, { limits: now, agents, trust }));
      if (reply.kind === 'timeout') seen.timeouts += 1;
      if (reply.kind === 'answer') seen.slowest = Math.max(seen.slowest, reply.ms);
      return reply;
    },
    close: () => {
      agents.plain.destroy();
      agents.tls.destroy();
    },
  };
}

function timeoutAfter(
  { timeouts, slowest }: { timeouts: number; slowest: number },
  { timeout }: Limits,
): number {
  const halved = timeout / 2 ** Math.floor(timeouts / patience.timeouts);
  return Math.min(timeout, Math.max(halved, patience.least, slowest * patience.margin));
}

function needsRaw({ headers, path }: RequestParts): boolean {
  const oddHeader = headers.some(([name, value]) => !sendable.test(value) || !/^[\w-]+$/.test(name));
  return oddHeader || (path !== undefined && !/^[\x21-\x7e]*$/.test(path));
}

interface Means {
  readonly limits: Limits;
  readonly trust: ReturnType<typeof trusted>;
  readonly agents: { readonly plain: HttpAgent; readonly tls: HttpsAgent };
}

function exchange(parts: RequestParts, { limits, agents, trust }: Means): Promise<Reply> {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const url = new URL(parts.url);
  const isTls = url.protocol === 'https:';
  const started = performance.now();
  const since = (): number => performance.now() - started;
  const options = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isTls ? 443 : 80) : url.port,
    method: parts.method,
    path: parts.path ?? `${url.pathname}${url.search}`,
    headers: withFraming(parts, url).flat(),
    agent: parts.isAlone === true ? false : isTls ? agents.tls : agents.plain,
    ...(isTls ? trust : {}),
    maxHeaderSize: 65_536,
  };
  const request = (isTls ? httpsRequest : httpRequest)(options);
  const end = (reply: Reply): void => {
    clearTimeout(timer);
    resolve(reply);
  };
  const timer = setTimeout(() => {
    end({ kind: 'timeout', why: `no whole answer within ${limits.timeout} ms`, ms: since() });
    request.destroy();
  }, limits.timeout);
  request.on('response', (response) => {
    collect(response, { limits, since, end, keep: parts.keep ?? keptBody });
  });
  request.on('error', (error: NodeJS.ErrnoException) => {
    // The server closed an idle connection in the moment it was used again: nobody has seen the request.
    if (request.reusedSocket && error.code === 'ECONNRESET' && since() < limits.timeout) {
      void exchange(parts, { limits, agents, trust }).then(end);
      return;
    }
    end({ kind: kindOf(error), why: whyOf(error), ms: since() });
  });
  request.end(parts.body);
  return promise;
}

interface Collecting {
  readonly limits: Limits;
  readonly since: () => number;
  readonly end: (reply: Reply) => void;
  readonly keep: number;
}

function collect(response: IncomingMessage, { limits, since, end, keep }: Collecting): void {
  const kept: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    if (bytes < keep) kept.push(chunk.subarray(0, keep));
    bytes += chunk.length;
    if (bytes <= limits.bytes) return;
    end({ kind: 'oversized', why: `more than ${limits.bytes} bytes`, ms: since() });
    response.destroy();
  });
  response.on('end', () => {
    const body = Buffer.concat(kept).toString('utf8').slice(0, keep);
    end({
      kind: 'answer',
      status: response.statusCode ?? 0,
      headers: pairs(response.rawHeaders),
      body,
      ms: since(),
    });
  });
  response.on('error', (error) => {
    end({ kind: 'broken', why: error.message, ms: since() });
  });
}

function withFraming(parts: RequestParts, url: URL): HeaderList {
  const has = (name: string): boolean => parts.headers.some(([each]) => each.toLowerCase() === name);
  const length = String(Buffer.byteLength(parts.body ?? ''));
  return [
    ...(has('host') ? [] : [['Host', url.host] as const]),
    ...parts.headers,
    ...(parts.body === undefined || has('content-length') ? [] : [['Content-Length', length] as const]),
  ];
}

function pairs(flat: readonly string[]): HeaderList {
  const list: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) list.push([flat[at] ?? '', flat[at + 1] ?? '']);
  return list;
}

function whyOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === undefined) return message;
  return /CERT|SIGNATURE|UNABLE_TO/.test(code) ? `${code}: name the certificate to trust with --ca` : code;
}

function kindOf({ code = '' }: NodeJS.ErrnoException): 'broken' | 'unreachable' {
  const isNetwork = /^(ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ETIMEDOUT)$/.test(code);
  return isNetwork ? 'unreachable' : 'broken';
}
