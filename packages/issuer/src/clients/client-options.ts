import { importPublicKey } from '@symbolon/token';
import { z } from 'zod';
import { scopeValue } from '../sessions/audiences.ts';
import { newId } from '../random.ts';
import { plainName } from '../plain-name.ts';
import { faultOfUri } from './redirect-uris.ts';
import type { NewClient } from '../storage/port/decisions.ts';
import type { Registration } from '../storage/port/rows.ts';

const uris = z.array(z.string().max(2048)).max(16);

/** What an operator may say of a client, and say anew while it stands. */
export const changeable = {
  name: z.string().min(1).max(120).regex(plainName, 'expected one line of text without control characters'),
  /** Where the authorization endpoint may send people back to: exact, https, or http on loopback. */
  redirectUris: uris,
  postLogoutRedirectUris: uris,
  /** Where the issuer says that a session has ended (OpenID Connect Back-Channel Logout). */
  backchannelLogoutUri: z.string().max(2048).nullable(),
  /** Whether its authorization requests must be pushed (RFC 9126). */
  pushedOnly: z.boolean(),
  /** `given`: your own application, whose people need not be asked. */
  consent: z.enum(['ask', 'given']),
  /** Public JWKs whose private halves never left the client's machine. */
  keys: z.array(z.record(z.string(), z.unknown())).max(8),
  audiences: z.array(z.strictObject({ audience: z.string().min(1), scope: z.array(scopeValue).default([]) })),
};

/** What an operator says of a new client. */
const clientOptions = z.strictObject({
  /** Its public name in protocols; made up if left out. */
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected 1 to 64 letters, digits, dots, dashes')
    .optional(),
  name: changeable.name.optional(),
  /** `machine` acts for itself; `public` (without a key) and `web` (with one) are applications people use. */
  kind: z.enum(['machine', 'public', 'web']).default('machine'),
  redirectUris: changeable.redirectUris.default([]),
  postLogoutRedirectUris: changeable.postLogoutRedirectUris.default([]),
  backchannelLogoutUri: changeable.backchannelLogoutUri.default(null),
  pushedOnly: changeable.pushedOnly.default(false),
  consent: changeable.consent.default('ask'),
  keys: changeable.keys.default([]),
  /** Registered as unable to hold a key per request: it gets bearer tokens. */
  bearer: z.boolean().default(false),
  audiences: changeable.audiences.default([]),
  /** `introspect`, `authorizations`, or `sessions:<id of a public client>`. */
  rights: z
    .array(z.string().regex(/^(introspect|authorizations|sessions:[A-Za-z0-9._-]{1,64})$/))
    .default([]),
});

/** The input of `clients.add`. */
export type NewClientOptions = z.input<typeof clientOptions>;

/** A client that may be kept. */
export type CheckedClient = Omit<NewClient, 'subject' | 'by'>;

/**
 * Reads what an operator says of a client.
 *
 * @throws TypeError with the fix in the message.
 */
export async function readNewClient(
  input: NewClientOptions,
  knownAudiences: readonly string[],
): Promise<CheckedClient> {
  const parsed = clientOptions.safeParse(input);
  if (!parsed.success) throw new TypeError(z.prettifyError(parsed.error));
  const {
    id = newId(),
    redirectUris,
    postLogoutRedirectUris,
    backchannelLogoutUri,
    consent,
    pushedOnly,
    ...client
  } = parsed.data;
  const registration = {
    ...{ redirectUris, postLogoutRedirectUris, backchannelLogoutUri, consent, pushedOnly },
    by: 'operator' as const,
  };
  demandSoundUris(registration, client.kind);
  const persons =
    client.kind === 'machine' ? undefined : client.rights.find((right) => right !== 'introspect');
  if (persons !== undefined)
    throw new TypeError(
      `the right ${persons} is for machines alone: tokens of a ${client.kind} client are in people's hands`,
    );
  if (client.kind === 'public' && client.rights.length > 0)
    throw new TypeError('a public client has no rights: nothing proves that it is the client');
  const keys = await Promise.all(client.keys.map((jwk) => importPublicKey(jwk).catch(refuseKey)));
  const named = client.audiences.map(({ audience }) => audience);
  const twice = named.find((audience, at) => named.indexOf(audience) !== at);
  if (twice !== undefined)
    throw new TypeError(`the audience ${twice} is named twice: say all its scope values at once`);
  const stray = client.audiences.find(({ audience }) => !knownAudiences.includes(audience));
  if (stray)
    throw new TypeError(`unknown audience ${stray.audience}, expected one of ${knownAudiences.join(', ')}`);
  if (client.kind !== 'public' && keys.length === 0) {
    throw new TypeError(`a ${client.kind} client proves itself with a key: register at least one public JWK`);
  }
  if (client.kind === 'public' && keys.length > 0) {
    throw new TypeError(
      'a public client has no keys of its own: register it as web or machine, or without keys',
    );
  }
  return { ...client, registration, id, name: client.name ?? id, keys: keys.map((key) => ({ ...key.jwk })) };
}

/** What a browser would follow, or the issuer itself would call, is judged before it is kept. */
function demandSoundUris(registration: Registration, kind: 'machine' | 'public' | 'web'): void {
  const { redirectUris, postLogoutRedirectUris, backchannelLogoutUri } = registration;
  for (const uri of [...redirectUris, ...postLogoutRedirectUris]) {
    const fault = faultOfUri(uri, kind);
    if (fault !== undefined) throw new TypeError(`the redirect URI ${uri} ${fault}`);
  }
  if (kind === 'machine' && redirectUris.length > 0)
    throw new TypeError('a machine client has no redirect URIs: register it as public or web');
  const fault = backchannelLogoutUri === null ? undefined : faultOfUri(backchannelLogoutUri, 'web');
  if (fault !== undefined) throw new TypeError(`the back-channel logout URI ${fault}`);
}

function refuseKey(cause: unknown): never {
  const message =
    'unexpected key, expected a public JWK for EdDSA, ES256 or ML-DSA-44 without private members';
  throw new TypeError(message, { cause });
}
