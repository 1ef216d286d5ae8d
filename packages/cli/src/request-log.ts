import { refusalHeader, type Issuer } from '@symbolon/issuer';
import type { Logger } from 'pino';

const quiet: readonly string[] = ['/healthz', '/readyz'];
/** Nothing of ours in a path is longer, but a credential that somebody has put there by mistake is. */
const longestWord = 40;

/**
 * Writes a line for each request: method, path, status, how long it took and, where it was refused, why.
 *
 * No header, no query and no body is ever logged, so that no credential is.
 */
export function withRequestLog(issuer: Issuer, log: Logger): Issuer {
  return {
    ...issuer,
    fetch: async (request, sender) => {
      const since = performance.now();
      const response = await issuer.fetch(request, sender);
      const { pathname } = new URL(request.url);
      const line = {
        method: request.method,
        path: shortened(pathname),
        status: response.status,
        ms: Math.round(performance.now() - since),
        ...(await reasonOf(response)),
      };
      if (quiet.some((path) => pathname.endsWith(path))) log.debug(line, 'request');
      else log.info(line, 'request');
      return response;
    },
  };
}

function shortened(path: string): string {
  return path
    .slice(0, 256)
    .split('/')
    .map((word) => (word.length > longestWord ? '…' : word))
    .join('/');
}

/** Our own words for a refusal: the code is a row of a table, never a part of the request. */
async function reasonOf(response: Response): Promise<{ code?: string }> {
  const told = response.headers.get(refusalHeader);
  if (told !== null) return { code: told };
  if (response.status < 400 || response.headers.get('content-type') !== 'application/json') return {};
  const body = (await response.clone().json()) as { code?: unknown; error?: unknown };
  const code = body.code ?? body.error;
  return typeof code === 'string' ? { code } : {};
}
