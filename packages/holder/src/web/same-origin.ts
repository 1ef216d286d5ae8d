import type { WebRequest } from './web-request.ts';

/** Methods that change nothing. */
export const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whether a request with our cookie may do what it asks: one that changes something must say that a page of this very
 * origin sent it, by `Sec-Fetch-Site` or `Origin`. A request that says nothing is not taken.
 */
export function mayAct({ method, headers }: WebRequest, origin: string): boolean {
  const upgrade = headers.get('upgrade')?.toLowerCase() === 'websocket';
  if (safeMethods.has(method) && !upgrade) return true;
  const site = headers.get('sec-fetch-site') ?? undefined;
  const from = headers.get('origin') ?? undefined;
  if (site === undefined && from === undefined) return false;
  return (site === undefined || site === 'same-origin') && (from === undefined || from === origin);
}
