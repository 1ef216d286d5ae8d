export { AuthError, refusals, type AuthErrorCode, type Refusal } from './errors.ts';
export { decodeBase64url, encodeBase64url } from './encoding.ts';
export { signatureNames, type AlgorithmName } from './algorithms.ts';
export type { PrivateJwk, PublicJwk } from './jwk.ts';
export {
  generatePrivateJwk,
  hashText,
  importPublicKey,
  importSigningKey,
  signBytes,
  thumbprintOf,
  verifyBytes,
  type SigningKey,
  type VerificationKey,
} from './keys.ts';
export {
  headerTable,
  publishedJwk,
  readFeedKeys,
  readKeySet,
  type KeyPurpose,
  type PublishedJwk,
} from './key-set.ts';
export {
  checkTimes,
  maxClockLead,
  maxTokenLength,
  maxTokenLife,
  sessionTokenHeader,
  signSessionToken,
  verifySessionToken,
  type Carrier,
  type HeaderTable,
  type SessionTokenClaims,
  type TrustedKey,
  type VerifiedSessionToken,
} from './session-token.ts';
export {
  comparableUrl,
  maxProofAge,
  maxProofLead,
  signProof,
  verifyProof,
  type KnownKeys,
  type VerifiedProof,
} from './proof.ts';
export { maxAssertionLife, signAssertion, verifyAssertion, type VerifiedAssertion } from './assertion.ts';
export {
  verifyDeviceAnswer,
  verifyDeviceRegistration,
  type VerifiedDeviceStatement,
} from './device-statement.ts';
export {
  refreshTokenHeader,
  signRefreshToken,
  verifyRefreshToken,
  type RefreshTokenClaims,
  type VerifiedRefreshToken,
} from './refresh-token.ts';
export {
  keySetHash,
  maxEntries,
  revocationName,
  revocationsHeader,
  signRevocations,
  verifyRevocations,
  type Revocation,
  type RevocationKind,
  type RevocationStatement,
  type VerifiedRevocations,
} from './revocations.ts';
export type { Eventually } from './signatures/backend.ts';
export {
  idTokenHeader,
  signIdToken,
  verifyIdToken,
  type IdTokenClaims,
  type VerifiedIdToken,
} from './id-token.ts';
export { signLogoutToken, type LogoutTokenClaims } from './logout-token.ts';
