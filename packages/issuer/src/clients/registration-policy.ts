import { z } from 'zod';
import { scopeValue } from '../sessions/audiences.ts';

const allowedAudiences = z
  .array(z.strictObject({ audience: z.string().min(1), scope: z.array(scopeValue).default([]) }))
  .min(1, 'expected the audiences that such applications may ask people for');

const selfRegistration = z.strictObject({
  /** What people may allow applications that nobody here has looked at. */
  audiences: allowedAudiences,
  /** How many new ones in an hour, of everybody together. */
  perHour: z.int().min(1).max(10_000).default(200),
  /** How many of these one sender may bring, or have read: few, so that no single one uses up everybody's. */
  perSender: z.int().min(1).max(10_000).default(10),
});

/** Whether applications may register themselves. Each way is off where it is left out. */
export const registrationOptions = z.strictObject({
  /** `POST /register` (RFC 7591). */
  dynamic: selfRegistration.optional(),
  /** A client's id is the https URL of its metadata (draft-ietf-oauth-client-id-metadata-document). */
  documents: selfRegistration.optional(),
});

/** The input of `people.registration`. */
export type RegistrationOptions = z.input<typeof registrationOptions>;

/** What one way of registering oneself allows. */
export type SelfRegistration = z.output<typeof selfRegistration>;

/** The ways in which applications may register themselves. */
export type RegistrationPolicy = z.output<typeof registrationOptions>;

/** @throws TypeError for unsound options, and for audiences that this issuer does not have. */
export function readRegistration(
  options: RegistrationOptions | undefined,
  known: readonly string[],
): RegistrationPolicy {
  const parsed = registrationOptions.safeParse(options ?? {});
  if (!parsed.success) throw new TypeError(`unsound people.registration: ${z.prettifyError(parsed.error)}`);
  const { dynamic, documents } = parsed.data;
  const named = [...(dynamic?.audiences ?? []), ...(documents?.audiences ?? [])];
  const stray = named.find(({ audience }) => !known.includes(audience));
  if (stray !== undefined)
    throw new TypeError(
      `unknown audience ${stray.audience} in people.registration, expected one of ${known.join(', ')}`,
    );
  return parsed.data;
}
