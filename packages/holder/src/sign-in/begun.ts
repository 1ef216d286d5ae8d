import { encodeBase64url, hashText } from '@symbolon/token';

/** A sign-in that was begun here: what must come back with its answer, and where the person was. */
export interface SignInBegun {
  readonly state: string;
  /** RFC 7636: known to whoever began this sign-in alone. */
  readonly codeVerifier: string;
  readonly redirectUri: string;
  readonly returnTo: string | undefined;
  /** Whether it runs in a window of its own, for another one that waits. */
  readonly inPopup: boolean;
  readonly begunAt: number;
}

/** How long a person may take, in ms. */
export const personsPatience = 60 * 60 * 1000;

/** Begins a sign-in: 256 random bits of state and as many of PKCE verifier. */
export function beginSignIn(
  how: Pick<SignInBegun, 'redirectUri' | 'returnTo' | 'inPopup'>,
  now: number,
): SignInBegun {
  return { ...how, state: randomText(), codeVerifier: randomText(), begunAt: now };
}

/** Whether a sign-in may still be answered. */
export function stillStands({ begunAt }: SignInBegun, now: number): boolean {
  return Math.abs(now - begunAt) < personsPatience;
}

/** The challenge of a verifier (RFC 7636 section 4.2, S256). */
export function codeChallenge(codeVerifier: string): Promise<string> {
  return hashText(codeVerifier);
}

function randomText(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(32)));
}
