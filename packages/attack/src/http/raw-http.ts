import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { keptBody, type HeaderList, type Reply, type RequestParts } from './exchange.ts';
import type { Limits } from './limits.ts';

/**
 * Writes a request byte by byte, one character one byte (latin1), and reads the answer's head loosely.
 *
 * For what a well-behaved client refuses to send: control characters in header values, odd header names and paths.
 */
export function sendRaw(
  parts: RequestParts,
  limits: Limits & { readonly ca?: readonly string[] },
): Promise<Reply> {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const started = performance.now();
  const since = (): number => performance.now() - started;
  const socket = open(new URL(parts.url), limits);
  const received: Buffer[] = [];
  let bytes = 0;
  const end = (reply: Reply): void => {
    clearTimeout(timer);
    socket.destroy();
    resolve(reply);
  };
  const finish = (): void => {
    end(readReply(Buffer.concat(received), since()));
  };
  const timer = setTimeout(() => {
    // Some servers keep the connection open in spite of `Connection: close`: what is there may be whole.
    if (bytes > 0) finish();
    else end({ kind: 'timeout', why: `no answer within ${limits.timeout} ms`, ms: since() });
  }, limits.timeout);
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limits.bytes) end({ kind: 'oversized', why: `more than ${limits.bytes} bytes`, ms: since() });
    else received.push(chunk);
  });
  socket.on('end', finish);
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (bytes > 0) finish();
    else end({ kind: 'broken', why: error.code ?? error.message, ms: since() });
  });
  socket.write(textOf(parts), 'latin1');
  return promise;
}

/** Connects to the server of a URL. */
export function open(url: URL, { ca }: { readonly ca?: readonly string[] }): Socket {
  const isTls = url.protocol === 'https:';
  const port = Number(url.port === '' ? (isTls ? 443 : 80) : url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isTls
    ? connectTls({ host, port, servername: host, ...(ca === undefined ? {} : { ca: [...ca] }) })
    : connectTcp({ host, port });
}

function textOf({ url, method, headers, body = '', path }: RequestParts): string {
  const { host, pathname, search } = new URL(url);
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  const start = `${method} ${path ?? pathname + search} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n`;
  return `${start}${lines}${length}\r\n${Buffer.from(body).toString('latin1')}`;
}

function readReply(bytes: Buffer, ms: number): Reply {
  if (bytes.length === 0) return { kind: 'broken', why: 'the connection was closed without an answer', ms };
  const text = bytes.toString('latin1');
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [start = '', ...lines] = head.split('\r\n');
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(start)?.[1];
  if (status === undefined) return { kind: 'broken', why: 'the answer is no HTTP/1.1', ms };
  const body = rest.join('\r\n\r\n').slice(0, keptBody);
  return { kind: 'answer', status: Number(status), headers: lines.flatMap(readField), body, ms };
}

function readField(line: string): HeaderList {
  const colon = line.indexOf(':');
  return colon <= 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()]];
}
