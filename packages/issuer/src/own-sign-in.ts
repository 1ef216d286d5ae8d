import { AuthError } from '@symbolon/token';
import { z } from 'zod';
import type { AuthorizationRequest, Authorizations } from './authorizations.ts';
import type { Clients } from './clients.ts';
import { isThisMachine } from './this-machine.ts';
import { newId } from './random.ts';
import type { Storage } from './storage/storage.ts';

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

/** For an application that signs people in itself (`people.signIn`). */
export interface OwnSignIn {
  /** What a linked application asks for, to be shown to the person; undefined if the request is over. */
  readonly describe: (
    request: string,
  ) => Promise<(AuthorizationRequest & { readonly clientName: string }) | undefined>;
  /**
   * The person has signed in and allowed it: answers where to send him. Undefined if the request is over.
   *
   * @throws TypeError for unsound options.
   */
  readonly complete: (request: string, person: SignedInElsewhere) => Promise<string | undefined>;
  /** The person said no, or nobody could be signed in: answers where to send him. */
  readonly refuse: (
    request: string,
    why: 'access_denied' | 'login_required' | 'consent_required' | 'interaction_required',
  ) => Promise<string | undefined>;
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
      return client && { ...open.request, clientName: client.row.name };
    },
    complete: async (handle, input) => {
      const parsed = signedIn.safeParse(input);
      if (!parsed.success) throw new TypeError(z.prettifyError(parsed.error));
      const { subject: externalId, amr, authTime } = parsed.data;
      const open = await authorizations.find(handle);
      if (open === undefined) return undefined;
      const newSubject = { id: newId(), handle: newId() };
      const subject = await storage.settleSubject({ namespace, externalId, newSubject });
      const person = { subject, authTime, amr: amr.map((method) => `app:${method}`), signIn: null };
      return authorizations.allow(handle, { request: open.request, person, consent: 'granted' });
    },
    refuse: (handle, why) => authorizations.refuse(handle, new AuthError(why)),
  };
}
