import type { JsonWebKey } from 'node:crypto';
import { askToken } from '../credentials/ask-token.ts';
import { judge, type Calibration } from './calibration.ts';
import type { Need } from './need.ts';
import type { Credential, CredentialSource } from '../credentials/credential.ts';
import type { Exchange, RequestParts } from '../http/exchange.ts';
import { openJws, reshape, segment, signingInput, signWith, type Jws, type Part } from '../forge.ts';
import { changed, type JsonObject } from '../json.ts';
import type { Lab } from './lab.ts';
import type { Listener } from '../http/listener.ts';
import type { AttackOptions, Signer } from '../options.ts';
import type { OwnKeys } from '../keys/own-keys.ts';
import { usualPatience } from './patience.ts';
import { presentToken, type Presenting } from './present.ts';
import type { Published } from '../keys/published-keys.ts';
import { createRandom } from '../random.ts';
import { sendRefresh, unchanged } from '../credentials/send-refresh.ts';
import { trusted } from '../http/trusted.ts';
import { openUnfinished } from '../http/unfinished.ts';
import type { TokenClient } from '../credentials/token-request.ts';
import { Missing } from './verdict.ts';

/** What all labs of one run share. */
export interface Bench {
  readonly options: AttackOptions;
  readonly published: Published;
  readonly calibration: Calibration;
  readonly listener: Listener;
  readonly ownKey: OwnKeys;
  readonly presenting: Presenting;
  readonly has: (need: Need) => boolean;
  readonly now: () => number;
}

/** Makes the lab of one attack: the bench, the honest credential of now, and randomness of its own. */
export function createLab(bench: Bench, { a, seed }: { a: Credential; seed: string }): Lab {
  const { options, published, presenting } = bench;
  const jws = (): Jws => openJws(a.token) ?? missing('jws', 'the token is no compact JWS');
  const present: Lab['present'] = (token, how = {}) =>
    presentToken(token, { how: { credential: a, ...how }, by: presenting });
  const signer = (): Signer => options.signer ?? missing('signer', "the issuer's signing key was not given");
  const client = (): TokenClient => options.client ?? missing('client', 'no client was given');
  const endpoint = (): string =>
    tokenEndpoint(bench) ?? missing('tokenEndpoint', 'no token endpoint is known');
  const makeRefresh: Lab['refreshRequest'] = async (credential, refreshToken) => {
    const told = { nonce: presenting.issuerNonce.current };
    return request(await options.refreshRequest?.(credential, refreshToken, told), 'refresh');
  };
  return {
    url: options.request.url,
    method: options.request.method,
    has: bench.has,
    a,
    jws,
    second: () => from(options.second, 'second'),
    elsewhere: () => from(options.elsewhere, 'elsewhere'),
    fresh: () => from(options.honest.isFresh ? options.honest : undefined, 'fresh'),
    keys: published.keys,
    keySetText: published.text,
    tokenKey: () => keyOf(jws(), published.keys),
    issuer: options.issuer,
    metadata: published.metadata,
    published: published.exchanges,
    now: bench.now,
    random: createRandom(seed),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    patience: options.patience ?? usualPatience,
    ownKey: bench.ownKey,
    sign: (input, alg) => signWith(bench.ownKey(alg), input),
    listener: bench.listener,
    altered: (change) => reshape(jws(), change),
    signed: (payload, header = {}) =>
      bySigner(signer(), {
        header: changed(signer().header ?? jws().header, header),
        payload: changed(jws().payload, payload),
      }),
    signedText: ({ header = signer().header ?? jws().header, payload = jws().payload }) =>
      bySigner(signer(), { header, payload }),
    signerKey: () => signer().key,
    present,
    begin: (text) => openUnfinished(text, { url: options.request.url, ...trusted(options.ca) }),
    hold: () => options.hold ?? missing('hold', 'nobody said how long'),
    send: presenting.send,
    control: () => present(a.token),
    judge: (exchange) => judge(exchange, bench.calibration),
    isAccepted: ({ reply }: Exchange) => bench.calibration.isYes(reply),
    keySet: () => options.keySet?.stage ?? missing('keySet', 'the target takes its key set from elsewhere'),
    refreshRequest: makeRefresh,
    refresh: (credential, refreshToken, change = unchanged) =>
      sendRefresh(change, { make: () => makeRefresh(credential, refreshToken), by: presenting }),
    endRequest: async (credential) => request(await options.endRequest?.(credential), 'end'),
    account: () => options.account ?? missing('account', 'no account page was given'),
    visitor: () => options.visitor?.get() ?? Promise.resolve(a),
    isVisitorApart: options.visitor !== undefined,
    stranger: () => from(options.stranger, 'stranger'),
    application: () => options.application ?? missing('application', 'no linked application was given'),
    authorizationEndpoint: () => endpointOf(published.metadata, 'authorization_endpoint'),
    formerToken: () => options.formerToken ?? missing('formerToken', 'no such token was given'),
    tokenEndpoint: endpoint,
    client,
    askToken: (change) =>
      askToken(change, { asking: { endpoint: endpoint(), client: client() }, by: presenting }),
  };
}

/** The token endpoint that was given, or else the one of the issuer's metadata. */
export function tokenEndpoint({
  options,
  published,
}: Pick<Bench, 'options' | 'published'>): string | undefined {
  const named = options.tokenEndpoint ?? published.metadata['token_endpoint'];
  return typeof named === 'string' ? named : undefined;
}

function endpointOf(metadata: JsonObject, name: string): string {
  const named = metadata[name];
  return typeof named === 'string' ? named : missing('application', `the metadata names no ${name}`);
}

function from(source: CredentialSource | undefined, need: Need): Promise<Credential> {
  return source?.get() ?? missing(need, 'no such credential was given');
}

function request(parts: RequestParts | undefined, need: Need): RequestParts {
  return parts ?? missing(need, 'no such request was given');
}

function missing(need: Need, message: string): never {
  throw new Missing(need, message);
}

/** The published key with the token's `kid`; where it has none, the only key that fits. */
function keyOf({ header }: Jws, keys: readonly JsonWebKey[]): JsonWebKey {
  const { kid } = header;
  const named = keys.find((key) => kid !== undefined && (key as JsonObject)['kid'] === kid);
  return named ?? keys[0] ?? missing('keys', "the issuer's public keys are not known");
}

function bySigner({ key }: Signer, { header, payload }: { header: Part; payload: Part }): string {
  const input = signingInput(header, payload);
  return `${input}.${segment(signWith(key, input))}`;
}
