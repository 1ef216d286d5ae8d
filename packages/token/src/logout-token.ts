import { encodeBase64url } from './encoding.ts';
import { encodeObject, ownHeader, signCompact } from './jws.ts';
import type { SigningKey } from './keys.ts';

/** What a logout token says (OpenID Connect Back-Channel Logout section 2.4); `now` in seconds. */
export interface LogoutTokenClaims {
  readonly iss: string;
  /** The client that is told. */
  readonly aud: string;
  readonly sub: string;
  /** The session that has ended. */
  readonly sid: string;
  readonly now: number;
}

/** How long a logout token is good, in seconds. */
const life = 120;

/** Signs a logout token with an identity key: a `typ` of its own, and no `nonce`, so that it is never an ID token. */
export async function signLogoutToken(claims: LogoutTokenClaims, key: SigningKey): Promise<string> {
  const { iss, aud, sub, sid } = claims;
  const iat = Math.floor(claims.now);
  const payload = {
    ...{ iss, sub, aud, iat, exp: iat + life, sid },
    jti: encodeBase64url(crypto.getRandomValues(new Uint8Array(16))),
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  };
  return signCompact(ownHeader('logout+jwt', key), encodeObject(payload), key);
}
