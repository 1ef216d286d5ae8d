import { z } from 'zod';

/** Controls, marks that turn the direction of text, and what has no shape: two names must not look the same by them. */
const unseen = /[\p{C}\p{Zl}\p{Zp}]/u;

const plain = (longest: number): z.ZodType<string, string> =>
  z
    .string()
    .max(8 * longest)
    .transform((text) => text.normalize('NFC').trim().replaceAll(/\s+/gu, ' '))
    .refine((text) => text !== '' && text.length <= longest && !unseen.test(text), {
      error: `expected 1 to ${longest} characters that can be seen`,
    });

/** By what an account is known: to its person, who types it together with a recovery code, and to operators. */
export const accountName = plain(120);

/** What a person calls a passkey. */
export const passkeyName = plain(60);
