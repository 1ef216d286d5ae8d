import { createHmac, createPublicKey, verify } from 'node:crypto';
import { ed25519Key } from '../../src/keys/forge-key.ts';
import type { JsonObject } from '../../src/json.ts';
import { createRandom } from '../../src/random.ts';
import type { TokenClient } from '../../src/credentials/token-request.ts';
import type { House } from './house.ts';
import { createLooks, type Looks } from './looks.ts';
import { opened } from './strict.ts';
import { openStrong } from './strong.ts';
import type { Answer, Opened, Seen, Target } from './target.ts';

/** What a token endpoint gets wrong. */
export interface OfficeMistakes {
  /** Checks of an assertion that are left out. */
  readonly without?: readonly AssertionCheck[];
  /** Lets in what is no signature of the client's. */
  readonly signature?: (assertion: string, pem: string) => boolean;
  /** Reads the form where it should not be. */
  readonly read?: (request: Seen) => Map<string, string> | undefined;
  /** The name of a client is enough. */
  readonly nameIsEnough?: true;
  /** Between the look and the note that an assertion was used lies a wait. */
  readonly looksThenNotes?: true;
  /** A member of the form that stands in the answer again. */
  readonly echoes?: string;
  /** Headers of every answer. */
  readonly headers?: (request: Seen) => Readonly<Record<string, string>>;
  /** What an error says. */
  readonly error?: (form: ReadonlyMap<string, string>) => string;
  /** Grants beside client credentials. */
  readonly grants?: readonly string[];
  /** Members of metadata, and of the first published key, in place of the right ones. */
  readonly metadata?: JsonObject;
  readonly key?: JsonObject;
}

/** What is checked of a client assertion. */
export type AssertionCheck =
  'type' | 'aud' | 'iss' | 'sub' | 'exp' | 'far' | 'iat' | 'nbf' | 'once' | 'header' | 'client';

const clientId = 'machine-1';
const clientKey = ed25519Key(createRandom('a client'));
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const formType = 'application/x-www-form-urlencoded';

/** A server with a token endpoint and metadata of its own. */
export function officeTarget(
  target: Pick<Target, 'name' | 'finds'> & Partial<Pick<Target, 'flaw' | 'runs'>>,
  mistakes: OfficeMistakes,
): Target {
  return { runs: ['issuer/'], ...target, carrier: 'bearer', start: (house) => openOffice(house, mistakes) };
}

async function openOffice(house: House, mistakes: OfficeMistakes): Promise<Opened> {
  const { handle, ...rest } = await openStrong(house);
  const issuer = house.audience;
  const seen = new Set<string>();
  const looks = createLooks();
  const client: TokenClient = { clientId, issuer, authentication: { key: clientKey } };
  const metadata = {
    issuer,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    grant_types_supported: ['client_credentials'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_signing_alg_values_supported: ['EdDSA'],
    ...mistakes.metadata,
  };
  const { kty, crv, x, kid, alg } = house.jwk;
  const keys = [{ kty, crv, x, kid, alg, ...mistakes.key }];
  return {
    ...rest,
    handle: (request) => {
      const path = request.url.replace(/\?.*$/s, '');
      if (path === '/.well-known/oauth-authorization-server') return jsonAnswer(metadata);
      if (path === '/jwks') return jsonAnswer({ keys });
      return path === '/token' ? answer(request, { issuer, house, seen, looks, mistakes }) : handle(request);
    },
    options: { client, issuer },
  };
}

interface Desk {
  readonly issuer: string;
  readonly house: House;
  readonly seen: Set<string>;
  readonly looks: Looks;
  readonly mistakes: OfficeMistakes;
}

async function answer(request: Seen, desk: Desk): Promise<Answer> {
  const { mistakes } = desk;
  const headers = {
    'content-type': 'application/json',
    ...(mistakes.headers?.(request) ?? { 'cache-control': 'no-store' }),
  };
  const form = (mistakes.read ?? readStrictly)(request) ?? readStrictly(request);
  const isIn = form !== undefined && hasGrant(form, desk) && (await isClient(form, desk));
  if (!isIn)
    return {
      status: 400,
      headers,
      body: mistakes.error?.(form ?? new Map()) ?? '{"error":"invalid_request"}',
    };
  const { token } = await desk.house.minted({ sub: clientId }).get();
  const { echoes } = mistakes;
  const more = echoes === undefined ? {} : { [echoes]: form.get(echoes) };
  return {
    status: 200,
    headers,
    body: JSON.stringify({ access_token: token, token_type: 'Bearer', ...more }),
  };
}

function readStrictly({ method, headers, body, url }: Seen): Map<string, string> | undefined {
  if (method !== 'POST' || headers['content-type'] !== formType || body.length > 65_536) return undefined;
  if (url.includes('?')) return undefined;
  const pairs = [...new URLSearchParams(body)];
  return new Set(pairs.map(([name]) => name)).size === pairs.length ? new Map(pairs) : undefined;
}

function hasGrant(form: ReadonlyMap<string, string>, { mistakes }: Desk): boolean {
  return ['client_credentials', ...(mistakes.grants ?? [])].includes(form.get('grant_type') ?? '');
}

async function isClient(form: ReadonlyMap<string, string>, desk: Desk): Promise<boolean> {
  const { mistakes, seen } = desk;
  const assertion = form.get('client_assertion');
  if (assertion === undefined) return mistakes.nameIsEnough === true && form.get('client_id') === clientId;
  if (!isRight(assertion, { form, desk }) || !isSigned(assertion, desk)) return false;
  const id = String(opened(assertion, 1)?.['jti']);
  if (mistakes.without?.includes('once') === true) return true;
  if (seen.has(id)) return false;
  if (mistakes.looksThenNotes === true) await desk.looks.another(id);
  seen.add(id);
  return true;
}

function isSigned(assertion: string, { mistakes }: Desk): boolean {
  const [header = '', payload = '', signature = ''] = assertion.split('.');
  const publicKey = createPublicKey(clientKey.privateKey);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const bytes = Buffer.from(signature, 'base64url');
  const isGenuine =
    opened(assertion, 0)?.['alg'] === 'EdDSA' &&
    verify(null, Buffer.from(`${header}.${payload}`), publicKey, bytes);
  return isGenuine || mistakes.signature?.(assertion, pem) === true;
}

function isRight(
  assertion: string,
  { form, desk }: { form: ReadonlyMap<string, string>; desk: Desk },
): boolean {
  const [header, claims] = [opened(assertion, 0), opened(assertion, 1)];
  if (header === undefined || claims === undefined || assertion.length > 8192) return false;
  const { iss, sub, aud, exp, iat, nbf, jti } = claims;
  const now = Date.now() / 1000;
  const checks: Readonly<Record<Exclude<AssertionCheck, 'once'>, boolean>> = {
    type: form.get('client_assertion_type') === assertionType,
    client: form.get('client_id') === clientId,
    aud: aud === desk.issuer,
    iss: iss === clientId,
    sub: sub === clientId,
    exp: typeof exp === 'number' && exp > now,
    far: typeof exp !== 'number' || exp < now + 300,
    iat: typeof iat === 'number' && Math.abs(iat - now) < 300,
    nbf: nbf === undefined || (typeof nbf === 'number' && nbf <= now),
    header: header['crit'] === undefined,
  };
  const without: readonly string[] = desk.mistakes.without ?? [];
  const isWhole = Object.entries(checks).every(([name, isGood]) => isGood || without.includes(name));
  return isWhole && (typeof jti === 'string' || without.includes('once'));
}

/** True if the assertion is a MAC with this secret, as its header says. */
export function isMacOf(assertion: string, secret: string): boolean {
  const [header = '', payload = '', mac] = assertion.split('.');
  const bytes = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
  return opened(assertion, 0)?.['alg'] === 'HS256' && mac === bytes;
}

function jsonAnswer(body: JsonObject): Answer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
