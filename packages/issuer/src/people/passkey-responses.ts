import { z } from 'zod';

const text = z
  .string()
  .max(16_384)
  .regex(/^[A-Za-z0-9_-]+$/);
const id = text.max(1400);

/** An authenticator's answer about a new passkey, as browsers write it in JSON (WebAuthn section 5.1). */
export const madePasskey = z.object({
  id,
  rawId: id,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: text,
    attestationObject: text,
    transports: z.array(z.string().max(32)).max(16).exactOptional(),
  }),
});

/** An authenticator's proof, as browsers write it in JSON. */
export const assertedPasskey = z.object({
  id,
  rawId: id,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: text,
    authenticatorData: text,
    signature: text,
    userHandle: text.max(128).exactOptional(),
  }),
});

export type MadePasskey = z.output<typeof madePasskey>;
export type AssertedPasskey = z.output<typeof assertedPasskey>;
