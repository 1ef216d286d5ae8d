import { z } from 'zod';
import { plainName } from '../plain-name.ts';
import { ownAudiences, type Audience } from '../sessions/audiences.ts';
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

/** What each part has to be, part by part, is judged by those who use it. */
const stated = z.strictObject({
  name: z.string().min(1).max(120).regex(plainName, 'expected one line of text').optional(),
  signIn: z.strictObject({ url: z.string() }).optional(),
  registration: z.unknown().optional(),
});

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
  given: PeopleOptions,
  { issuer, audiences }: { issuer: string; audiences: readonly Audience[] },
): StatedPeople {
  const parsed = stated.safeParse(given);
  if (!parsed.success) throw new TypeError(`unsound people: ${z.prettifyError(parsed.error)}`);
  const { name, signIn, registration } = given;
  // What the issuer's own interfaces do is for those whom an operator has given a right.
  const own = new Set(ownAudiences(issuer).map(({ audience }) => audience));
  const known = audiences.map(({ audience }) => audience).filter((audience) => !own.has(audience));
  return { name, signIn: readSignIn(signIn), registration: readRegistration(registration, known) };
}
