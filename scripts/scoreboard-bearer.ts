import type { IncomingMessage, RequestListener } from 'node:http';

/** The handler that every tutorial writes around a function that verifies. */
export function checkedBy(verify: (token: string) => unknown): RequestListener {
  return (request, response) => {
    Promise.resolve(bearerOf(request))
      .then(verify)
      .then(
        () => response.end('{"ok":true}'),
        () => response.writeHead(401, { 'www-authenticate': 'Bearer' }).end(),
      );
  };
}

function bearerOf({ headers }: IncomingMessage): string {
  return headers.authorization?.split(' ')[1] ?? '';
}
