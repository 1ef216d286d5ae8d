import type { Need } from './need.ts';
import { isLoopback } from '../authorisation.ts';
import type { Credential } from '../credentials/credential.ts';
import { tokenEndpoint, type Bench } from './create-lab.ts';
import { openJws } from '../forge.ts';

/** Tells what this run has of what attacks may need. */
export function available(bench: Pick<Bench, 'options' | 'published'>, a: Credential): ReadonlySet<Need> {
  const { options, published } = bench;
  const { carrier } = a;
  const isNear = isLoopback(new URL(options.request.url).hostname);
  const has: Readonly<Record<Need, boolean>> = {
    jws: openJws(a.token) !== undefined,
    keys: published.keys.length > 0,
    bearer: carrier.kind === 'bearer',
    cookie: carrier.kind === 'cookie',
    dpop: carrier.kind === 'dpop',
    signer: options.signer !== undefined,
    second: options.second !== undefined,
    elsewhere: options.elsewhere !== undefined,
    fresh: options.honest.isFresh,
    issuer: options.issuer !== undefined && Object.keys(published.metadata).length > 0,
    tokenEndpoint: tokenEndpoint(bench) !== undefined,
    client: options.client !== undefined,
    assertion: options.client !== undefined && 'key' in options.client.authentication,
    refresh: options.refreshRequest !== undefined && a.refreshToken !== undefined,
    idToken: a.idToken !== undefined,
    end: options.endRequest !== undefined,
    account: options.account !== undefined,
    stranger: options.stranger !== undefined,
    application:
      options.application !== undefined && typeof published.metadata['authorization_endpoint'] === 'string',
    signedIn: options.application?.cookie !== undefined,
    code: options.application?.cookie !== undefined || options.application?.visit !== undefined,
    otherApplication: options.application?.other !== undefined,
    formerToken: options.formerToken !== undefined,
    keySetCounter: options.keySet !== undefined,
    keySet: options.keySet?.canChange === true,
    listener: isNear || options.listener?.publicUrl !== undefined,
    hold: options.hold !== undefined,
    destructive: options.destructive === true,
  };
  const needs = Object.keys(has) as Need[];
  return new Set(needs.filter((need) => has[need]));
}

/** What a need is, for people who may want to fill it. */
export const needTexts: Readonly<Record<Need, string>> = {
  jws: 'a token that is a compact JWS',
  keys: "the issuer's public keys (--issuer or --jwks)",
  bearer: 'a bearer token',
  cookie: 'a token in a cookie (--cookie)',
  dpop: 'a token bound by DPoP (--dpop-key or --client)',
  signer: "the issuer's signing key, of a test deployment (--signing-key)",
  second: 'a token of another user (--second-token or --second-command)',
  elsewhere: 'a token for another audience (--other-audience-token or --other-audience)',
  fresh: 'a way to get new sessions (--token-command or client credentials)',
  issuer: "the issuer's metadata (--issuer)",
  tokenEndpoint: 'a token endpoint (--issuer or --token-endpoint)',
  client: 'a client that gets tokens for itself (--client)',
  assertion: 'a client with a key (--client and --key)',
  refresh: 'a refresh token (--refresh-token)',
  idToken: 'an ID token (--id-token)',
  end: 'a call that ends a session (--end-url)',
  account: 'an account page (--account-url)',
  stranger: 'the cookie of somebody else who is signed in at the account page (--stranger-cookie)',
  application: 'a linked application at an authorization endpoint (--issuer, --app and --app-redirect)',
  signedIn: 'the cookie of a browser that is signed in at the authorization endpoint (--authorize-cookie)',
  code: 'authorization codes (--authorize-cookie or --code-command)',
  otherApplication: 'a second linked application (--other-app and --other-app-redirect)',
  formerToken: 'a token whose key has left the key set (--former-token)',
  keySetCounter: 'a target that fetches its key set from us (--as-issuer)',
  keySet: 'a target that fetches its key set from us (--as-issuer)',
  listener: 'a listener that the target can reach (--listener-url)',
  hold: 'how long an unfinished request may stay open (--hold)',
  destructive: 'consent to steps that may do harm (--destructive)',
};
