import { z } from 'zod';
import { passkeyName } from '../../people/account-names.ts';
import { assertedPasskey, madePasskey } from '../../people/passkey-responses.ts';
import { malformed, readJson } from '../requests.ts';

const code = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const returnTo = z.string().max(2048).optional();

/** What the sign-in page, and that of presence, send when the passkey has answered. */
export const proofBody = z.object({ response: assertedPasskey, return_to: returnTo });
/** What the enrolment page sends when it is opened. */
export const codeBody = z.object({ code });
/** What the enrolment page sends when a passkey was made. */
export const enrolBody = z.object({ code, name: passkeyName, response: madePasskey });
/** What the account page sends when a passkey was made. */
export const passkeyBody = z.object({ name: passkeyName, response: madePasskey });

/**
 * Reads a JSON body of this shape.
 *
 * @throws AuthError `request_malformed`, which names the member at fault and never its content.
 */
export async function readBodyAs<T>(shape: z.ZodType<T>, request: Request): Promise<T> {
  const parsed = shape.safeParse(await readJson(request));
  if (!parsed.success) throw malformed(String(parsed.error.issues[0]?.path[0] ?? 'body'));
  return parsed.data;
}
