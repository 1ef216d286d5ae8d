import { beginSignIn, stillStands, type SignInBegun } from '../sign-in/begun.ts';
import type { Cabinet } from './cabinet.ts';

const name = 'sign-ins';
const mostAtOnce = 20;

/** The sign-ins under way in all tabs, by their state. */
export interface SignIns {
  /** Begins one. */
  begin(how: Pick<SignInBegun, 'redirectUri' | 'returnTo' | 'inPopup'>): Promise<SignInBegun>;
  find(state: string): Promise<SignInBegun | undefined>;
  /** Forgets one that has been answered. */
  settle(state: string): Promise<void>;
}

/** Makes the register of sign-ins over a cabinet. */
export function openSignIns(cabinet: Cabinet, wall: () => number): SignIns {
  const standing = (kept: unknown): readonly SignInBegun[] =>
    (Array.isArray(kept) ? (kept as SignInBegun[]) : []).filter((begun) => stillStands(begun, wall()));
  return {
    begin: async (how) => {
      const begun = beginSignIn(how, wall());
      await cabinet.change(name, (kept) => [...standing(kept), begun].slice(-mostAtOnce));
      return begun;
    },
    find: async (state) => standing(await cabinet.read(name)).find((begun) => begun.state === state),
    settle: async (state) => {
      await cabinet.change(name, (kept) => standing(kept).filter((begun) => begun.state !== state));
    },
  };
}
