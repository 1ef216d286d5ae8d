import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import { AuthError } from '@symbolon/token';
import { isTakenAttestation } from './passkey-attestations.ts';
import type { PasskeyChallenges } from './passkey-challenges.ts';
import { keyFitsItsAlgorithm } from './passkey-keys.ts';
import type { AssertedPasskey, MadePasskey } from './passkey-responses.ts';
import type { NewPasskey, PasskeyRow, RedeemedChallenge } from '../storage/port/account-storage.ts';

/** What an authenticator is asked and how its answer is judged (WebAuthn sections 7.1 and 7.2). Decides nothing else. */
export interface Passkeys {
  /** What a browser needs to make a passkey. The account's passkeys are named, so that no device makes a second one. */
  readonly askToMake: (asked: {
    purpose: string;
    account: { subject: string; name: string };
    known: readonly PasskeyRow[];
    at: number;
  }) => Promise<PublicKeyCredentialCreationOptionsJSON>;
  /**
   * Judges a new passkey.
   *
   * @throws AuthError `passkey_refused`, `challenge_refused`.
   */
  readonly judgeMade: (
    purpose: string,
    response: MadePasskey,
  ) => Promise<{ passkey: Omit<NewPasskey, 'name'>; challenge: RedeemedChallenge }>;
  /** What a browser needs to prove a passkey: one of those named, or any that it finds for this issuer. */
  readonly askToProve: (asked: {
    purpose: string;
    known: readonly PasskeyRow[];
    at: number;
  }) => Promise<PublicKeyCredentialRequestOptionsJSON>;
  /**
   * Judges the proof of a passkey. The counter is not looked at: the store decides on it.
   *
   * @throws AuthError `passkey_refused`, `challenge_refused`.
   */
  readonly judgeProof: (
    purpose: string,
    proof: { response: AssertedPasskey; passkey: PasskeyRow },
  ) => Promise<{ counter: number; backedUp: boolean; challenge: RedeemedChallenge }>;
}

/** EdDSA, ES256, RS256 (Windows Hello makes no other): COSE, said in both calls, since the defaults change by runtime. */
const algorithms = [-8, -7, -257];
/** How long a browser waits for its person, in ms: as long as the challenge may be answered. */
const timeout = 300_000;

/**
 * Opens the passkeys of an issuer: they are for its host, and for its origin alone.
 *
 * @throws TypeError if its host is a network address.
 */
export function openPasskeys(options: {
  issuer: string;
  name: string;
  challenges: PasskeyChallenges;
}): Passkeys {
  const { challenges, name: rpName } = options;
  const { hostname: rpID, origin } = new URL(options.issuer);
  if (isNetworkAddress(rpID)) {
    throw new TypeError(
      `browsers make no passkeys for the address ${rpID}: name the issuer by a host name (http://localhost for development), or leave out the option people`,
    );
  }
  const expected = { expectedOrigin: origin, expectedRPID: rpID, requireUserVerification: true };

  return {
    askToMake: ({ purpose, account, known, at }) =>
      generateRegistrationOptions({
        ...{ rpName, rpID, timeout, supportedAlgorithmIDs: algorithms },
        challenge: challenges.make(purpose, at),
        userID: new TextEncoder().encode(account.subject),
        ...{ userName: account.name, userDisplayName: account.name },
        attestationType: 'none',
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        excludeCredentials: known.map(described),
      }),
    judgeMade: async (purpose, response) => {
      if (!isTakenAttestation(response.response.attestationObject)) throw new AuthError('passkey_refused');
      const { redeemed, expectedChallenge } = expectChallenge(challenges, purpose);
      const { verified, registrationInfo } = await verifyRegistrationResponse({
        ...{ ...expected, expectedChallenge, supportedAlgorithmIDs: algorithms },
        response: { ...response, clientExtensionResults: {} },
      }).catch(refused);
      if (!verified) throw new AuthError('passkey_refused');
      const { credential, credentialBackedUp: backedUp } = registrationInfo;
      if (!keyFitsItsAlgorithm(credential.publicKey)) throw new AuthError('passkey_refused');
      const { id, counter, transports = [] } = credential;
      const publicKey = Buffer.from(credential.publicKey).toString('base64url');
      return { passkey: { id, publicKey, counter, transports, backedUp }, challenge: redeemed() };
    },
    askToProve: ({ purpose, known, at }) =>
      generateAuthenticationOptions({
        ...{ rpID, timeout, userVerification: 'required' },
        challenge: challenges.make(purpose, at),
        allowCredentials: known.map(described),
      }),
    judgeProof: async (purpose, { response, passkey }) => {
      const { redeemed, expectedChallenge } = expectChallenge(challenges, purpose);
      const { id, publicKey } = passkey;
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        ...{ ...expected, expectedChallenge },
        response: { ...response, clientExtensionResults: {} },
        // With 0 the library accepts every counter; it would judge it before the signature, and say so to nobody.
        credential: { id, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter: 0 },
      }).catch(refused);
      if (!verified) throw new AuthError('passkey_refused');
      const { newCounter: counter, credentialBackedUp: backedUp } = authenticationInfo;
      return { counter, backedUp, challenge: redeemed() };
    },
  };
}

/** WebAuthn section 5.1.2: the relying party is named by a domain. */
function isNetworkAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
}

/** One challenge in the answer, made here for this purpose; what the library found is kept for the store. */
function expectChallenge(
  challenges: PasskeyChallenges,
  purpose: string,
): { redeemed: () => RedeemedChallenge; expectedChallenge: (given: string) => boolean } {
  let found: RedeemedChallenge | undefined;
  return {
    expectedChallenge: (given) => {
      found = challenges.read(purpose, Buffer.from(given, 'base64url').toString());
      if (found === undefined) throw new AuthError('challenge_refused');
      return true;
    },
    redeemed: () => {
      if (found === undefined) throw new AuthError('challenge_refused');
      return found;
    },
  };
}

/** Whatever the library did not like, the sender hears one thing: which part it was helps nobody but a forger. */
function refused(cause: unknown): never {
  throw cause instanceof AuthError ? cause : new AuthError('passkey_refused', { cause });
}

function described({ id, transports }: PasskeyRow): { id: string; transports: string[] } {
  return { id, transports: [...transports] };
}
