import type { Carrier, VerifiedSessionToken } from '@symbolon/token';

/** Who a request is by and what it may do: the verified session, frozen, the same object for every request of a token. */
export interface Session {
  readonly subject: string;
  readonly clientId: string;
  readonly sessionId: string;
  readonly tokenId: string;
  readonly issuer: string;
  readonly audience: string;
  readonly scope: readonly string[];
  /** When the token ends, in seconds. */
  readonly expiresAt: number;
  /** When the session started, in microseconds; the same through every refresh. */
  readonly startedAt: number;
  /** When the person proved presence, in seconds; undefined where no person is. */
  readonly authTime: number | undefined;
  readonly amr: readonly string[] | undefined;
  readonly carrier: Carrier;
  /** Every claim of the token as received; what is not named above was not interpreted. */
  readonly payload: VerifiedSessionToken['payload'];
}

/** Brings a verified token into the words that an application uses. */
export function toSession({ claims, carrier, payload }: VerifiedSessionToken): Session {
  return Object.freeze({
    subject: claims.sub,
    clientId: claims.client_id,
    sessionId: claims.sid,
    tokenId: claims.jti,
    issuer: claims.iss,
    audience: claims.aud,
    scope: Object.freeze(claims.scope?.split(' ').filter((name) => name !== '') ?? []),
    expiresAt: claims.exp,
    startedAt: claims.sst,
    authTime: claims.auth_time,
    amr: claims.amr,
    carrier,
    payload,
  });
}

// A symbol of this module alone: nothing that a client, a body parser or another middleware puts on a request can be it.
// A WeakMap would do as well, and costs the collector more than all the rest of a decision.
const remembered = Symbol('session');

/** Gives a session to whoever asks for the very request it was remembered for: not for a copy, nor to who prints one. */
type Remembered = (asked: object) => Session | undefined;

/** Remembers the session of a framework's request object; for adapters. */
export function rememberSession(request: object & { [remembered]?: Remembered }, session: Session): void {
  request[remembered] = (asked) => (asked === request ? session : undefined);
}

/**
 * Gives the session of a request that an adapter let in: Express's `req`, Fastify's `request`, Hono's `c`.
 *
 * @throws TypeError if no guard stands before the route: a handler never runs unguarded by mistake.
 */
export function sessionOf(request: object & { readonly [remembered]?: Remembered }): Session {
  const session = request[remembered]?.(request);
  if (session === undefined) {
    throw new TypeError('no session on this request: put protect(guard) before the handler of this route');
  }
  return session;
}
