import type { WebRequest } from '../web-request.ts';

/** The parts of `node:http`'s `IncomingMessage` that are read. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Set by Express, which shortens `url` for a mounted application. */
  readonly originalUrl?: string | undefined;
  readonly rawHeaders: readonly string[];
}

/** The parts of `node:http`'s `ServerResponse` that are used. */
export interface NodeResponse {
  statusCode: number;
  appendHeader(name: string, value: string): unknown;
  getHeader(name: string): number | string | readonly string[] | undefined;
  writeHead(status: number, ...rest: readonly unknown[]): unknown;
  setHeader(name: string, value: string): unknown;
  end(body?: string): unknown;
}

/** Sees a `node:http` request as web sessions do: `rawHeaders`, since `headers` drops what comes twice. */
export function viewOfNode(request: NodeRequest): WebRequest {
  const { method = '', url = '', originalUrl = url, rawHeaders } = request;
  const get = (name: string): string | undefined => {
    const values = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
    return values.length === 0 ? undefined : values.join(name === 'cookie' ? '; ' : ', ');
  };
  return { method, url: originalUrl, headers: { get } };
}

/** Sets headers on an answer that is yet to be made; `set-cookie` and `vary` beside those that others set. */
export function setHeaders(
  response: Pick<NodeResponse, 'appendHeader' | 'setHeader'>,
  headers: Iterable<readonly [name: string, value: string]>,
): void {
  for (const [name, value] of headers) {
    if (name === 'set-cookie' || name === 'vary') response.appendHeader(name, value);
    else response.setHeader(name, value);
  }
}

/** Sends a Fetch answer. */
export async function sendResponse(response: NodeResponse, answer: Response): Promise<void> {
  response.statusCode = answer.status;
  setHeaders(response, answer.headers);
  response.end(await answer.text());
}
