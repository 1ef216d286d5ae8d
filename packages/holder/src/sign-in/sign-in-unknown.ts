import { refused } from '../errors.ts';

/** An answer to a question that nobody here has asked, or too long ago. */
export const signInUnknown = refused(
  'sign_in_unknown',
  'this answer belongs to no sign-in that was begun in this browser within the last hour; begin again',
);
