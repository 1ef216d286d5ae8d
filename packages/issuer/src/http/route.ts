/** One endpoint: a method, a path with perhaps `:parameter`, and what answers. */
export type Route = readonly ['GET' | 'POST' | 'DELETE', string, Endpoint];

type Endpoint = (request: Request, parameter: string) => Response | Promise<Response>;
