import type { Refused, Transient } from '../errors.ts';

/** What came of a sign-in. */
export type SignInResult =
  /** A session was started. `returnTo` is what `signIn` was given; in a window of its own, `inPopup`, nothing is left to do. */
  | { readonly kind: 'signed_in'; readonly returnTo: string | undefined; readonly inPopup: boolean }
  /** The URL holds no answer: this page was opened in another way. */
  | { readonly kind: 'none' }
  | Transient
  | Refused;
