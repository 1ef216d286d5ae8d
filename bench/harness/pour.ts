import autocannon from 'autocannon';
import { openConnection, type Answer, type Connection } from './connection.ts';
import type { LoadCount } from './http-contest.ts';

const usualConnections = 16; // so many requests are under way at a time

/** Repeats one request by autocannon; every answer must be 2xx. */
export async function pourSame(
  request: { url: string; headers: Record<string, string> },
  milliseconds: number,
): Promise<LoadCount> {
  const result = await autocannon({
    ...request,
    connections: usualConnections,
    duration: milliseconds / 1000,
    sampleInt: 50,
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(
      `${result.non2xx} of the requests to ${request.url} were refused, ${result.errors} failed`,
    );
  }
  return {
    operations: result['2xx'],
    milliseconds: result.finish.getTime() - result.start.getTime(),
  };
}

/**
 * Sends requests that differ, on as many connections unless told otherwise, until the time or the requests are used up.
 *
 * `next` gives a request, or undefined when there is none; `take` gets its answer. What is under way at the
 * end is waited for.
 */
export async function pourEach<Request extends { readonly text: string }>(
  port: number,
  options: {
    milliseconds: number;
    connections?: number;
    next: () => Request | undefined;
    take?: (answer: Answer, request: Request) => void;
  },
): Promise<LoadCount> {
  const { connections: length = usualConnections } = options;
  const opened = await Promise.all(Array.from({ length }, () => openConnection(port)));
  const start = performance.now();
  let operations = 0;
  const work = async (connection: Connection): Promise<void> => {
    while (performance.now() - start < options.milliseconds) {
      const request = options.next();
      if (request === undefined) return;
      const answer = await connection.exchange(request.text);
      if (answer.status >= 300) throw new Error(`refused with ${answer.status}: ${answer.body}`);
      options.take?.(answer, request);
      operations++;
    }
  };
  try {
    await Promise.all(opened.map(work));
    return { operations, milliseconds: performance.now() - start };
  } finally {
    for (const connection of opened) connection.close();
  }
}

/** Writes a request as it goes over the wire. */
export function requestText(request: {
  method: 'GET' | 'POST';
  path: string;
  port: number;
  headers: Readonly<Record<string, string>>;
  body?: string;
}): string {
  const { method, path, port, body = '' } = request;
  const length: Record<string, string> =
    method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
  const headers = Object.entries({ host: `127.0.0.1:${port}`, ...request.headers, ...length });
  return `${method} ${path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}
