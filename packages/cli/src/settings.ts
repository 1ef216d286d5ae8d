import { z } from 'zod';

const port = z.int().min(0).max(65_535);
const seconds = z.int().positive();

const audience = z.strictObject({
  audience: z.string().min(1),
  scopes: z.array(z.string()).optional(),
  /** What each scope value allows, in words for the people who are asked. */
  words: z.record(z.string(), z.string()).optional(),
  tokenLife: seconds.optional(),
  alg: z.enum(['EdDSA', 'ES256', 'ML-DSA-44']).optional(),
});

/** What applications that registered themselves may ask people for, and how many may in an hour. */
const selfRegistration = z.strictObject({
  audiences: z.array(z.strictObject({ audience: z.url(), scope: z.array(z.string()).default([]) })),
  perHour: z.int().min(1).optional(),
  perSender: z.int().min(1).optional(),
});

const common = {
  issuer: z.string().min(1),
  host: z.string().min(1),
  port,
  audiences: z.array(audience),
  /** Of the key-encryption keys; relative to the data folder. */
  keyFile: z.string().min(1),
};

/** A listener of its own for figures. */
const metrics = z.strictObject({
  host: z.string().min(1),
  port,
  /** The installer's word that whoever reaches it may read them. */
  open: z.boolean().optional(),
});

/** A token of PKCS#11 that holds the private keys of some purposes. */
const signer = z.strictObject({
  /** Path of its library. */
  library: z.string().min(1),
  /** Its label. */
  token: z.string().min(1),
  /** Holds its PIN, for its owner alone; left out: whoever starts a command is asked. */
  pinFile: z.string().min(1).optional(),
  purposes: z.array(z.enum(['session', 'refresh', 'feed'])).min(1),
});

const production = z.strictObject({
  mode: z.literal('production'),
  ...common,
  /** Where the store is, unless it is a file in the data folder. May hold a password: never printed. */
  store: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected postgres://user@host:port/database')
    .optional(),
  /** The installer's word that nobody but a proxy that ends TLS reaches the port. */
  behindProxy: z.boolean(),
  lifetimes: z
    .strictObject({
      personIdle: seconds.optional(),
      personAbsolute: seconds.optional(),
      machineIdle: seconds.optional(),
      machineAbsolute: seconds.optional(),
    })
    .optional(),
  keySetMaxAge: seconds.optional(),
  keyRotation: seconds.optional(),
  signer: signer.optional(),
  metrics: metrics.optional(),
  /** Whether people sign in here with passkeys, and what the pages call this service. */
  people: z
    .strictObject({
      name: z.string().min(1).max(60).optional(),
      /** Your own sign-in instead of passkeys here; what serves it answers at `/authorizations` with the right to. */
      signIn: z.strictObject({ url: z.url('expected the https URL of your own sign-in page') }).optional(),
      /** Whether applications may register themselves: `POST /register`, and ids that are URLs. */
      registration: z
        .strictObject({ dynamic: selfRegistration.optional(), documents: selfRegistration.optional() })
        .optional(),
    })
    .optional(),
});

const dev = z.strictObject({
  mode: z.literal('dev'),
  ...common,
  demo: z.strictObject({ port, clientId: z.string(), clientKeyFile: z.string() }),
});

/** What a data folder says of its issuer (`symbolon.json`). */
export const settings = z.discriminatedUnion('mode', [production, dev]);

/** What an installer may write in the file that `serve --config` reads; flags say the rest. */
export const configFile = production.omit({ mode: true }).partial().extend({ data: z.string().optional() });

export type Settings = z.output<typeof settings>;
export type SignerSettings = z.output<typeof signer>;
export type DevSettings = z.output<typeof dev>;
export type ProductionSettings = z.output<typeof production>;
/** JSON has no undefined: a member is there or not. */
export type ConfigFile = Partial<Omit<ProductionSettings, 'mode'>> & { readonly data?: string };

/**
 * Reads JSON of one of these shapes.
 *
 * @throws TypeError that names the file and every member at fault.
 */
export function readJsonAs<T>(shape: z.ZodType<T>, source: { text: string; path: string }): T {
  const parsed = shape.safeParse(parse(source));
  if (parsed.success) return parsed.data;
  throw new TypeError(`unsound settings in ${source.path}:\n${z.prettifyError(parsed.error)}`);
}

function parse({ text, path }: { text: string; path: string }): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says would quote the file, and the URL of a store may hold a password.
    throw new TypeError(`${path} is not JSON`);
  }
}
