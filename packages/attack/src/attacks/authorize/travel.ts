import { cookiesAfter } from '../../http/cookie-jar.ts';
import { replyHeader, type Exchange, type RequestParts } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';

/** Where a browser came to. */
export interface Arrival {
  /**
   * `delivered`: sent away with a code or a token; `told`: sent away with an error, or without anything; `page`: a page
   * of the issuer, which is not an error.
   */
  readonly kind: 'delivered' | 'told' | 'page' | 'refused' | 'broken';
  /** Where it was sent away to, as the issuer wrote it. */
  readonly location: string | undefined;
  readonly exchanges: readonly Exchange[];
  /** The cookies that the browser has then. */
  readonly cookie: string | undefined;
}

const mostHops = 5;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Sends a request as a browser does, and follows the issuer's own redirects; never away from it. */
export async function travel(
  lab: Lab,
  { cookie, ...first }: RequestParts & { readonly cookie: string | undefined },
): Promise<Arrival> {
  const exchanges: Exchange[] = [];
  let jar = cookie;
  const at = (kind: Arrival['kind'], location?: string): Arrival => ({
    ...{ kind, location, exchanges },
    cookie: jar,
  });
  let request: RequestParts = first;
  for (let hop = 0; hop < mostHops; hop += 1) {
    const own = jar === undefined ? [] : [['Cookie', jar] as const];
    const exchange = await lab.send({ ...request, headers: [...own, ...request.headers] });
    exchanges.push(exchange);
    const { reply } = exchange;
    jar = cookiesAfter(jar, reply);
    if (reply.kind !== 'answer') return at('broken');
    const location = redirects.has(reply.status) ? replyHeader(reply, 'location') : undefined;
    if (location === undefined)
      return at(reply.status < 300 ? 'page' : reply.status < 500 ? 'refused' : 'broken');
    const next = URL.parse(location, request.url);
    if (next?.origin !== new URL(first.url).origin || isCallback(lab, next.href))
      return at(outcomeOf(location), location);
    const { headers, keep } = first;
    request = { url: next.href, method: 'GET', headers, ...(keep === undefined ? {} : { keep }) };
  }
  return at('broken');
}

/** A member of the answer that a redirect brings, from the query or the fragment. */
export function memberOf(location: string | undefined, name: string): string | undefined {
  const [, query = '', fragment = ''] = /^[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s.exec(location ?? '') ?? [];
  return new URLSearchParams(query).get(name) ?? new URLSearchParams(fragment).get(name) ?? undefined;
}

function outcomeOf(location: string): Arrival['kind'] {
  const brings = ['code', 'access_token', 'id_token', 'token'].some(
    (name) => memberOf(location, name) !== undefined,
  );
  return brings ? 'delivered' : 'told';
}

function isCallback(lab: Lab, href: string): boolean {
  const bare = (text: string): string => text.replace(/[?#].*$/s, '');
  return bare(href) === bare(lab.application().redirectUri);
}
