import { createHash } from 'node:crypto';
import {
  AuthError,
  verifyAssertion,
  verifyProof,
  type VerifiedAssertion,
  type VerifiedProof,
} from '@symbolon/token';
import { demandStanding, type KnownClient } from '../clients/clients.ts';
import type { Assertion } from '../storage/port/decisions.ts';
import { malformed, type Form } from './requests.ts';
import type { Office } from './office.ts';

/** Who asks: a client, and its assertion, which the deciding statement redeems. */
export interface AuthenticatedClient {
  readonly client: KnownClient;
  /** None for a public client, which is proved by its holder's key alone. */
  readonly assertion: Assertion | undefined;
  /** The key that must make the proof, where the assertion names one. */
  readonly thumbprint: string | undefined;
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** How long after its `exp` a clock that lags might still take an assertion, in seconds. */
const tolerance = 60;

/**
 * Authenticates the client of a request: `private_key_jwt` (RFC 7523), or by name for a public client.
 *
 * There is no client secret: `client_secret` and HTTP Basic have no code to reach. It does not redeem the
 * assertion.
 */
export async function authenticateClient(office: Office, form: Form): Promise<AuthenticatedClient> {
  const text = form.get('client_assertion');
  if (text === undefined) return publicClient(office, form.get('client_id'));
  if (form.get('client_assertion_type') !== assertionType) throw malformed('client_assertion_type');
  const verified = await verifyByKeys(office, text);
  const stated = form.get('client_id') ?? verified.clientId;
  const client = demandStanding(await office.clients.find(verified.clientId));
  if (stated !== verified.clientId) throw new AuthError('client_unknown');
  const jtiHash = createHash('sha256').update(verified.jti).digest('base64url');
  const expiresAt = (verified.exp + tolerance) * 1_000_000;
  return {
    client,
    assertion: { clientId: verified.clientId, kid: verified.kid, jtiHash, expiresAt },
    thumbprint: verified.thumbprint,
  };
}

/** By the keys that the client has; where none of them made it, by those that it has now, if its document says others. */
async function verifyByKeys(office: Office, text: string): Promise<VerifiedAssertion> {
  let stated = '';
  const expected = {
    issuer: office.issuer,
    now: office.clock() / 1000,
    findKeys: async (clientId: string) => (await office.clients.find((stated = clientId)))?.keys ?? [],
  };
  try {
    return await verifyAssertion(text, expected);
  } catch (error) {
    const isAboutKey =
      error instanceof AuthError &&
      (error.code === 'assertion_key_unknown' || error.code === 'assertion_signature_invalid');
    if (!isAboutKey || !(await office.clients.reread(stated))) throw error;
    return verifyAssertion(text, expected);
  }
}

/**
 * Verifies the proof of a request to one of the issuer's endpoints and remembers it, or returns undefined
 * where none was sent.
 */
export async function verifyRequestProof(
  office: Office,
  request: Request,
  path: string,
): Promise<VerifiedProof | undefined> {
  const text = request.headers.get('dpop');
  if (text === null) return undefined;
  if (text.includes(',')) throw new AuthError('proof_multiple');
  const now = office.clock() / 1000;
  const url = office.issuer + path;
  const proof = await verifyProof(text, {
    method: request.method,
    url,
    tokenHash: undefined,
    now,
    knownKeys: office.holderKeys,
  });
  office.replay.accept(proof, { now, session: proof.thumbprint });
  return proof;
}

/**
 * Holds an assertion to the key that it names: whoever overheard it, and has another key or none, gets nowhere.
 *
 * @throws AuthError `proof_missing`, `assertion_key_unexpected`.
 */
export function demandKeyOf(
  { thumbprint }: Pick<AuthenticatedClient, 'thumbprint'>,
  proof: VerifiedProof | undefined,
): void {
  if (thumbprint === undefined || proof?.thumbprint === thumbprint) return;
  throw new AuthError(proof === undefined ? 'proof_missing' : 'assertion_key_unexpected');
}

async function publicClient(office: Office, id: string | undefined): Promise<AuthenticatedClient> {
  if (id === undefined) throw new AuthError('assertion_missing');
  const client = demandStanding(await office.clients.find(id));
  if (client.row.kind !== 'public') throw new AuthError('assertion_missing');
  return { client, assertion: undefined, thumbprint: undefined };
}
