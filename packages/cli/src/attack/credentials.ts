import { readFileSync } from 'node:fs';
import {
  clientCredentials,
  forgeKeyFrom,
  givenCredential,
  tokenCommand,
  type Carrier,
  type CredentialSource,
  type ForgeKey,
  type OAuthClient,
} from '@symbolon/attack';
import { machineTarget, type AsClientOptions } from '../as-client.ts';

/** Where `symbolon attack` gets honest credentials from. */
export interface CredentialOptions extends AsClientOptions {
  readonly token?: string;
  readonly tokenCommand?: string;
  readonly cookie?: string;
  readonly tokenHeader?: string;
  readonly dpopKey?: string;
  readonly clientSecretFile?: string;
  readonly bearer?: true;
  readonly resource?: string;
  readonly refreshToken?: string;
  readonly idToken?: string;
  readonly ca?: string;
}

/** What the options make of it: credentials, and the client behind them if there is one. */
export interface HonestMeans {
  readonly honest: CredentialSource;
  readonly client?: OAuthClient;
  readonly issuer?: string;
}

/**
 * Makes the source of honest credentials: a token, a command, a client with a secret, or a machine client with a key.
 *
 * @throws TypeError that says which option is missing.
 */
export function honestMeans(options: CredentialOptions): HonestMeans {
  const { issuer } = options;
  const known = issuer === undefined ? {} : { issuer };
  if (options.token !== undefined) return { honest: givenOf(options.token, options), ...known };
  if (options.tokenCommand !== undefined) {
    return { honest: tokenCommand(options.tokenCommand, carrierOf(options)), ...known };
  }
  const client = options.clientSecretFile === undefined ? machineClient(options) : secretClient(options);
  return { honest: client.source, client: client.source, issuer: client.issuer };
}

/** Credentials of another user, or for another audience; undefined if none are given. */
export function otherSource(
  given: { readonly token?: string | undefined; readonly command?: string | undefined },
  options: CredentialOptions,
): CredentialSource | undefined {
  if (given.token !== undefined)
    return givenCredential({ token: readWord(given.token), carrier: carrierOf(options) });
  return given.command === undefined ? undefined : tokenCommand(given.command, carrierOf(options));
}

/** The same client, for another audience. */
export function elsewhereOf(options: CredentialOptions, audience: string): CredentialSource {
  return options.clientSecretFile === undefined
    ? machineClient({ ...options, audience }).source
    : secretClient({ ...options, audience }).source;
}

/** A word, or `@file` for what stands in a file. */
export function readWord(text: string): string {
  if (!text.startsWith('@')) return text;
  try {
    return readFileSync(text.slice(1), 'utf8').trim();
  } catch (cause) {
    throw new TypeError(`${text.slice(1)} cannot be read`, { cause });
  }
}

/**
 * The certificate that is trusted besides; nothing without `--ca`.
 *
 * @throws TypeError if the file holds none.
 */
export function authorityOf({ ca: path }: CredentialOptions): { readonly ca?: string } {
  if (path === undefined) return {};
  const ca = readWord(`@${path}`);
  if (/^-----BEGIN CERTIFICATE-----$/m.test(ca)) return { ca };
  throw new TypeError(`${path} holds no certificate, expected PEM with --ca`);
}

/** A private JWK from a file, of any algorithm. */
export function readForgeKey(path: string): ForgeKey {
  try {
    return forgeKeyFrom(JSON.parse(readFileSync(path, 'utf8')) as Parameters<typeof forgeKeyFrom>[0]);
  } catch {
    // What a parser says would quote the file, and it holds a private key.
    throw new TypeError(`${path} holds no private JWK`);
  }
}

function givenOf(token: string, options: CredentialOptions): CredentialSource {
  const { refreshToken, idToken } = options;
  return givenCredential({
    token: readWord(token),
    carrier: carrierOf(options),
    ...(refreshToken === undefined ? {} : { refreshToken: readWord(refreshToken) }),
    ...(idToken === undefined ? {} : { idToken: readWord(idToken) }),
  });
}

/** How the token travels. */
export function carrierOf({ cookie, tokenHeader, dpopKey }: CredentialOptions): Carrier {
  if (dpopKey !== undefined) return { kind: 'dpop', key: readForgeKey(dpopKey) };
  if (cookie !== undefined) return { kind: 'cookie', name: cookie };
  return tokenHeader === undefined ? { kind: 'bearer' } : { kind: 'header', name: tokenHeader };
}

function machineClient(options: CredentialOptions): { source: OAuthClient; issuer: string } {
  const { issuer, clientId, keyFile, audience } = machineTarget(options);
  const authentication = { key: readForgeKey(keyFile) };
  return {
    issuer,
    source: clientCredentials({ ...shared(options), issuer, clientId, authentication, resource: audience }),
  };
}

function secretClient(options: CredentialOptions): { source: OAuthClient; issuer: string } {
  const { issuer, client: clientId, clientSecretFile = '', audience } = options;
  if (issuer === undefined || clientId === undefined) {
    throw new TypeError('with --client-secret-file give --issuer and --client too');
  }
  const authentication = { secret: readWord(`@${clientSecretFile}`) };
  const named = audience === undefined ? {} : { resource: audience, audience };
  return {
    issuer,
    source: clientCredentials({ ...shared(options), issuer, clientId, authentication, ...named }),
  };
}

function shared(options: CredentialOptions): { dpop: boolean; scope?: string; ca?: string } {
  const { bearer, scope } = options;
  const asked = scope === undefined ? {} : { scope: scope.join(' ') };
  return { dpop: bearer !== true, ...asked, ...authorityOf(options) };
}
