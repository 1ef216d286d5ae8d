import { AuthError } from '@symbolon/token';
import { z } from 'zod';
import { answerUrl, type AuthorizationAnswer } from './authorization-answer.ts';
import { earliestAuthTime, unmetBy, type Unmet } from './authorization-demands.ts';
import type { AuthorizationRequest, Authorizations } from './authorizations.ts';
import type { Clients } from '../clients/clients.ts';
import { isThisMachine } from '../this-machine.ts';
import { newId } from '../random.ts';
import type { Storage } from '../storage/port/storage.ts';

const signedIn = z.strictObject({
  /** The person's name in the application; never leaves the store. */
  subject: z
    .string()
    .max(256)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'expected text without control characters'),
  /** How the person was authenticated (RFC 8176): the application's word, and marked so. */
  amr: z
    .array(z.string().regex(/^[a-z0-9_-]{1,32}$/))
    .max(8)
    .default([]),
  /** When, in seconds. */
  authTime: z.int().min(0),
});

/** Who was signed in, as an application with its own sign-in says. */
export type SignedInElsewhere = z.input<typeof signedIn>;

/** Why nothing came of a request, so far as an application with its own sign-in may say it. */
export const refusable = [
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'authentication_unmet',
] as const;

/** What a linked application asks for, and of whom. */
export interface DescribedRequest extends AuthorizationRequest {
  readonly clientName: string;
  /** Since when the person must have signed in, in seconds (`prompt=login`, `max_age`); `null`: at any time. */
  readonly earliestAuthTime: number | null;
}

/** For an application that signs people in itself (`people.signIn`). */
export interface OwnSignIn {
  /** What a linked application asks for, to be shown to the person; undefined if the request is over. */
  readonly describe: (request: string) => Promise<DescribedRequest | undefined>;
  /**
   * The person has signed in and allowed it: answers where to send him. Undefined if the request is over.
   *
   * A sign-in that the application would not take leaves the request open, for a better one or for `refuse`.
   *
   * @throws TypeError for unsound options; AuthError `sign_in_too_old`, `sign_in_too_weak`, `sign_in_other_person`.
   */
  readonly complete: (request: string, person: SignedInElsewhere) => Promise<string | undefined>;
  /** The person said no, or nobody could be signed in: answers where to send him. */
  readonly refuse: (request: string, why: (typeof refusable)[number]) => Promise<string | undefined>;
}

/**
 * Reads where people who link an application are sent to sign in.
 *
 * @throws TypeError for a URL that is not private on its way.
 */
export function readSignIn(
  given: { readonly url: string } | undefined,
): { readonly url: string } | undefined {
  if (given === undefined) return undefined;
  const url = URL.parse(given.url);
  const loopback = url !== null && isThisMachine(url.hostname);
  const open = url === null || (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback));
  if (open || url.hash !== '' || url.username !== '')
    throw new TypeError(
      `unexpected people.signIn.url ${given.url}, expected the https URL of your own sign-in page (http on loopback only), without a fragment`,
    );
  return given;
}

/** No client can have this name, so no subject of it is an account or a client's own. */
const namespace = ':sign-in';

const refusalOf: Readonly<Record<Unmet, 'sign_in_other_person' | 'sign_in_too_old' | 'sign_in_too_weak'>> = {
  person: 'sign_in_other_person',
  time: 'sign_in_too_old',
  context: 'sign_in_too_weak',
};

/** Where people sign in elsewhere, no application is answered in another way than by query. */
function urlOf(answer: AuthorizationAnswer | undefined): string | undefined {
  return answer && answerUrl(answer);
}

/** Makes what an application with its own sign-in calls. */
export function createOwnSignIn(options: {
  storage: Storage;
  clients: Clients;
  authorizations: Authorizations;
}): OwnSignIn {
  const { storage, authorizations } = options;
  return {
    describe: async (handle) => {
      const open = await authorizations.find(handle);
      const client = open && (await options.clients.find(open.request.clientId));
      if (client === undefined || open === undefined) return undefined;
      return { ...open.request, clientName: client.row.name, earliestAuthTime: earliestAuthTime(open) };
    },
    complete: async (handle, input) => {
      const parsed = signedIn.safeParse(input);
      if (!parsed.success) throw new TypeError(z.prettifyError(parsed.error));
      const { subject: externalId, amr, authTime } = parsed.data;
      const open = await authorizations.find(handle);
      if (open === undefined) return undefined;
      const newSubject = { id: newId(), handle: newId() };
      const subject = await storage.settleSubject({ namespace, externalId, newSubject });
      const unmet = unmetBy(open, { subject, authTime, amr });
      if (unmet !== undefined) throw new AuthError(refusalOf[unmet]);
      const person = { subject, authTime, amr: amr.map((method) => `app:${method}`), signIn: null };
      return urlOf(await authorizations.allow(handle, { request: open.request, person, consent: 'granted' }));
    },
    refuse: async (handle, why) => urlOf(await authorizations.refuse(handle, new AuthError(why))),
  };
}
