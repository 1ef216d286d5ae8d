import type { Challenge } from '../challenge.ts';
import type { Guard } from '../guard.ts';
import type { RequestView } from '../request-view.ts';
import type { Requirement } from '../requirement.ts';
import type { Session } from '../session.ts';

/** The parts of `node:http`'s `IncomingMessage` that are read. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Set by Express and connect, which shorten `url` for a mounted application. */
  readonly originalUrl?: string | undefined;
  readonly rawHeaders: readonly string[];
}

/** The parts of `node:http`'s `ServerResponse` that are used. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
  end(body?: string): unknown;
  destroy(error?: Error): unknown;
}

/**
 * Puts a guard before a `node:http` handler, which gets the session as its third argument.
 *
 * A handler that fails is answered with 500 and its error printed: `node:http` itself would end the process.
 *
 * @throws TypeError if the requirement is malformed.
 */
export function protect<Request extends NodeRequest, Response extends NodeResponse>(
  guard: Guard,
  handler: (request: Request, response: Response, session: Session) => unknown,
  requirement?: Requirement,
): (request: Request, response: Response) => void {
  const authenticate = guard.require(requirement);
  const answer = async (request: Request, response: Response): Promise<void> => {
    let session: Session;
    try {
      session = await authenticate(viewOfNode(request));
    } catch (error) {
      sendChallenge(response, guard.challenge(error));
      return;
    }
    await handler(request, response, session);
  };
  return (request, response) => {
    answer(request, response).catch((fault: unknown) => {
      answerFault(response, fault);
    });
  };
}

/**
 * Sees a `node:http` request as a guard does.
 *
 * `rawHeaders` is read because `headers` drops all but the first `Authorization`.
 */
export function viewOfNode(
  request: NodeRequest,
  url = request.originalUrl ?? request.url ?? '',
): RequestView {
  const { method = '', rawHeaders } = request;
  return { method, url, headers: { get: (name) => valuesOf(rawHeaders, name) } };
}

/** Sends the answer to a refused request. */
export function sendChallenge(response: NodeResponse, { status, headers, body }: Challenge): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}

function valuesOf(rawHeaders: readonly string[], name: string): string | undefined {
  // HTTP/2 may send cookies one by one (RFC 9113 section 8.2.3).
  const separator = name === 'cookie' ? '; ' : ', ';
  let found: string | undefined;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const field = rawHeaders[at] ?? '';
    if (field.length !== name.length || field.toLowerCase() !== name) continue;
    const value = rawHeaders[at + 1] ?? '';
    found = found === undefined ? value : `${found}${separator}${value}`;
  }
  return found;
}

function answerFault(response: NodeResponse, fault: unknown): void {
  // eslint-disable-next-line no-console -- no framework is here to report it, and silence would hide it
  console.error(fault);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = 500;
  response.end();
}
