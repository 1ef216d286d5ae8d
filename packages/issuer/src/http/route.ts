/** One endpoint: a method, a path with perhaps `:parameter`, and what answers. */
export type Route = readonly ['GET' | 'POST' | 'DELETE', string, Endpoint];

/** Who sent a request, so far as the server that took it knows. */
export interface Sender {
  /** The network address; undefined where nobody can say it, `unnamed` where a proxy should have said it. */
  readonly address?: string | undefined;
}

/** What answers. */
export type Endpoint = (request: Request, parameter: string, sender: Sender) => Response | Promise<Response>;
