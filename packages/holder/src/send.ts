/** Sends one request as it stands; how the network comes in. */
export type Send = (request: Request) => Promise<Response>;

/** The given fetch, or the platform's, called as a plain function: browsers refuse it as a method. */
export function sendBy(given: typeof fetch | undefined): Send {
  return (request) => (given === undefined ? fetch(request) : given(request));
}
