import type { IncomingHttpHeaders } from 'node:http';

/** True if a request takes an answer by gzip. */
export function takesGzip(headers: IncomingHttpHeaders): boolean {
  return headers['accept-encoding']?.includes('gzip') === true;
}
