import type { Audience } from '../sessions/audiences.ts';
import { readSignIn } from '../linking/own-sign-in.ts';
import {
  readRegistration,
  type RegistrationOptions,
  type RegistrationPolicy,
} from '../clients/registration-policy.ts';

/** What an issuer that people sign in at says of itself. */
export interface PeopleOptions {
  /** What the pages and the passkeys call it (default: its host). */
  readonly name?: string;
  /**
   * Your own sign-in instead of passkeys here: people who link an application are sent to this URL with `request`,
   * which `issuer.authorizations.complete` takes.
   */
  readonly signIn?: { readonly url: string };
  /** Whether applications may register themselves (default: no). */
  readonly registration?: RegistrationOptions;
}

/** `PeopleOptions`, judged. */
export interface StatedPeople {
  readonly name: string | undefined;
  readonly signIn: PeopleOptions['signIn'];
  readonly registration: RegistrationPolicy;
}

/**
 * Judges what an installer says of people.
 *
 * @throws TypeError with the fix in the message.
 */
export function readPeople(
  { name, signIn, registration }: PeopleOptions,
  audiences: readonly Audience[],
): StatedPeople {
  const known = audiences.map(({ audience }) => audience);
  return { name, signIn: readSignIn(signIn), registration: readRegistration(registration, known) };
}
