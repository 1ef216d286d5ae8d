/** What an attack cannot be tried without. */
export type Need =
  /** The token is a compact JWS. */
  | 'jws'
  /** The issuer's public keys are known. */
  | 'keys'
  /** The token is carried in a header as a bearer token, in a cookie, or bound by DPoP. */
  | 'bearer'
  | 'cookie'
  | 'dpop'
  /** The issuer's signing key is at hand (a test deployment), so that claims can be varied. */
  | 'signer'
  /** A credential of another user; one for another audience. */
  | 'second'
  | 'elsewhere'
  /** New sessions can be opened at will. */
  | 'fresh'
  /** An issuer with metadata; its token endpoint; a refresh token; an ID token. */
  | 'issuer'
  | 'tokenEndpoint'
  /** A client that gets tokens for itself there; one that has a key. */
  | 'client'
  | 'assertion'
  | 'refresh'
  | 'idToken'
  /** A way to end a session; a page that shows the account. */
  | 'end'
  | 'account'
  /** Another credential that opens account pages: somebody else's. */
  | 'stranger'
  /** A linked application at an authorization endpoint; a signed-in browser there; codes; another application. */
  | 'application'
  | 'signedIn'
  | 'code'
  | 'otherApplication'
  /** A token whose key has left the key set. */
  | 'formerToken'
  /** The target takes its key set from us: fetches are counted; with `keySet` it can also be changed. */
  | 'keySetCounter'
  | 'keySet'
  /** The target can reach a listener of ours. */
  | 'listener'
  /** The tester has said how long an unfinished request may stay open. */
  | 'hold'
  /** The tester has agreed to steps that may do harm. */
  | 'destructive';
