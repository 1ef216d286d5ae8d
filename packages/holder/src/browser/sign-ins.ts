import { encodeBase64url, hashText } from '@symbolon/token';
import type { Cabinet } from './cabinet.ts';

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

const name = 'sign-ins';
/** How long a person may take, in ms. */
const patience = 60 * 60 * 1000;
const mostAtOnce = 20;

/** The sign-ins under way in all tabs, by their state. */
export interface SignIns {
  /** Begins one: 256 random bits of state and as many of PKCE verifier. */
  begin(how: Pick<SignInBegun, 'redirectUri' | 'returnTo' | 'inPopup'>): Promise<SignInBegun>;
  find(state: string): Promise<SignInBegun | undefined>;
  /** Forgets one that has been answered. */
  settle(state: string): Promise<void>;
}

/** Makes the register of sign-ins over a cabinet. */
export function openSignIns(cabinet: Cabinet, wall: () => number): SignIns {
  const standing = (kept: unknown): readonly SignInBegun[] =>
    (Array.isArray(kept) ? (kept as SignInBegun[]) : []).filter(
      ({ begunAt }) => Math.abs(wall() - begunAt) < patience,
    );
  return {
    begin: async (how) => {
      const begun = { ...how, state: randomText(), codeVerifier: randomText(), begunAt: wall() };
      await cabinet.change(name, (kept) => [...standing(kept), begun].slice(-mostAtOnce));
      return begun;
    },
    find: async (state) => standing(await cabinet.read(name)).find((begun) => begun.state === state),
    settle: async (state) => {
      await cabinet.change(name, (kept) => standing(kept).filter((begun) => begun.state !== state));
    },
  };
}

/** The challenge of a verifier (RFC 7636 section 4.2, S256). */
export function codeChallenge(codeVerifier: string): Promise<string> {
  return hashText(codeVerifier);
}

function randomText(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(32)));
}
