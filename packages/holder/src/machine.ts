import type { Refused, Transient } from './errors.ts';
import { refused } from './errors.ts';
import { createFetch, type HolderFetch } from './fetch.ts';
import type { MachineKey } from './keys.ts';
import { surroundingsOf, type HolderOptions } from './options.ts';
import { createTokenEndpoint, type Done } from './token-endpoint.ts';
import { createTokenSource, type TokenResult } from './token-source.ts';

/** How a machine client is told who it is. */
export interface MachineOptions extends HolderOptions {
  /** The client's registered key; it also makes the proofs unless `holderKey` is given. */
  readonly key: MachineKey;
  /** Another key to bind tokens to, such as one in hardware. */
  readonly holderKey?: MachineKey;
  /** Space-separated scope to ask for; by default all that the client has. */
  readonly scope?: string;
}

/** A machine client: it authenticates by its key and calls one resource server. */
export interface Machine {
  /** Fetches with token and proof. @throws HolderError if there is no token to send. */
  readonly fetch: HolderFetch;
  /** The token to use now, for software that cannot use `fetch`; it is no good without proofs. */
  token(): Promise<TokenResult>;
  /** Ends the session at the issuer; afterwards this object gets no more tokens. */
  end(): Promise<Done | Transient | Refused>;
}

/**
 * Makes a machine client (client credentials with `private_key_jwt`, RFC 7523, bound by DPoP, RFC 9449).
 *
 * Nothing is fetched before the first request.
 *
 * @throws TypeError for options that can never work.
 */
export function createMachine(options: MachineOptions): Machine {
  const surroundings = surroundingsOf(options);
  const { issuer, clientId, audience, scope, key } = options;
  const holderKey = options.holderKey ?? key;
  const endpoint = createTokenEndpoint({ issuer, clientId, clientKey: key, holderKey, ...surroundings });
  const form = {
    grant_type: 'client_credentials',
    resource: audience,
    ...(scope === undefined ? {} : { scope }),
  };
  let ended = false;
  const source = createTokenSource(
    async () => (ended ? sessionEnded : endpoint.request(() => form)),
    surroundings.clocks,
  );
  return {
    fetch: createFetch({ source, key: holderKey, ...surroundings }),
    token: () => source.current(),
    end: async () => {
      const last = ended ? sessionEnded : await source.current();
      if (last.kind !== 'ok') return last;
      const done = await endpoint.revoke(last.token);
      if (done.kind === 'ok') ended = true;
      if (ended) source.reset();
      return done;
    },
  };
}

const sessionEnded = refused(
  'session_ended',
  'this session was ended here; make a new machine to start another',
);
