import {
  type AttackOptions,
  type CredentialSource,
  defaultLimits,
  type HeaderList,
  isLoopback,
  type RequestParts,
} from '@symbolon/attack';
import {
  authorityOf,
  elsewhereOf,
  type HonestMeans,
  otherSource,
  readForgeKey,
  readWord,
} from './credentials.ts';
import type { Options } from './options.ts';
import { applicationOf, pageVisitors } from './people.ts';
import { refreshOf } from './refresh.ts';

/** What the command line says, as the battery wants it. */
export function settle(options: Options & { url: string }, means: HonestMeans): AttackOptions {
  const second = otherSource({ token: options.secondToken, command: options.secondCommand }, options);
  const only = options.replay === undefined ? options.only : [options.replay];
  const authorised = options.iAmAuthorised ?? [];
  const refreshRequest = refreshOf(options) ?? means.client?.refreshRequest;
  return {
    request: honestRequest(options),
    honest: means.honest,
    ...defined({ second, elsewhere: elsewhere(options), only, authorised }),
    ...defined({ issuer: means.issuer, jwksUri: options.jwks, account: options.accountUrl }),
    ...defined({ tokenEndpoint: options.tokenEndpoint, marker: options.marker, seed: options.seed }),
    ...defined({ rate: options.rate, destructive: options.destructive, hold: options.hold }),
    ...defined({ refreshRequest, endRequest: endRequest(options, means) }),
    ...{ ...pageVisitors(options), ...authorityOf(options) },
    ...defined({ application: applicationOf(options), formerToken: formerToken(options) }),
    ...(means.client === undefined ? {} : { client: means.client.client }),
    ...(options.listenerUrl === undefined ? {} : { listener: listenerOf(options) }),
    ...(options.timeout === undefined ? {} : { limits: { ...defaultLimits, timeout: options.timeout } }),
    ...(options.signingKey === undefined ? {} : { signer: signerOf(options.signingKey) }),
  };
}

function formerToken({ formerToken: given }: Options): string | undefined {
  return given === undefined ? undefined : readWord(given);
}

/** Leaves out what is undefined. */
function defined<T extends object>(object: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}

function honestRequest(options: Options & { url: string }): RequestParts {
  const body = options.body === undefined ? undefined : readWord(options.body);
  return {
    url: options.url,
    method: options.request ?? (body === undefined ? 'GET' : 'POST'),
    headers: (options.header ?? []).map(readHeader),
    ...(body === undefined ? {} : { body }),
  };
}

function readHeader(line: string): HeaderList[number] {
  const at = line.indexOf(':');
  if (at <= 0) throw new TypeError(`unexpected header ${line}, expected "Name: value"`);
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

function elsewhere(options: Options): CredentialSource | undefined {
  const { otherAudience, otherAudienceToken, asIssuer } = options;
  if (asIssuer !== undefined) return undefined;
  if (otherAudience !== undefined) return elsewhereOf(options, otherAudience);
  return otherSource({ token: otherAudienceToken }, options);
}

function endRequest({ endUrl }: Options, { client }: HonestMeans): AttackOptions['endRequest'] {
  if (endUrl === undefined) return client?.endRequest;
  return ({ token, carrier }) => {
    const header: HeaderList[number] =
      carrier.kind === 'cookie'
        ? ['Cookie', `${carrier.name}=${token}`]
        : ['Authorization', `Bearer ${token}`];
    return Promise.resolve({ url: endUrl, method: 'POST', headers: [header] });
  };
}

function listenerOf({ listenerUrl, listenerPort }: Options): NonNullable<AttackOptions['listener']> {
  const isNear = listenerUrl === undefined || isLoopback(new URL(listenerUrl).hostname);
  return { publicUrl: listenerUrl, host: isNear ? '127.0.0.1' : '0.0.0.0', port: listenerPort ?? 0 };
}

function signerOf(path: string): NonNullable<AttackOptions['signer']> {
  return { key: readForgeKey(path) };
}
