import {
  signRefreshToken,
  verifyRefreshToken,
  type RefreshTokenClaims,
  type SigningKey,
  type VerificationKey,
} from '@symbolon/token';

/** The refresh tokens of this issuer, which nobody else reads. */
export interface RefreshTokens {
  readonly sign: (claims: RefreshTokenClaims, key: SigningKey) => Promise<string>;
  /** Throws AuthError with a `refresh_…` code. Does not ask whether the session stands: one statement decides that. */
  readonly verify: (text: string) => Promise<RefreshTokenClaims>;
}

const maxKnown = 20_000;

/**
 * Makes the signer and verifier of refresh tokens.
 *
 * What this process signed it knows again by the whole text, and looks at the signature of everything else: most
 * refreshes come back to where their token was made. A text is known while its key is published and it has not
 * expired; of the oldest, half are forgotten when there are 40,000.
 */
export function createRefreshTokens(options: {
  issuer: string;
  table: () => Promise<ReadonlyMap<string, VerificationKey>>;
  clock: () => number;
}): RefreshTokens {
  const { issuer, table, clock } = options;
  let young = new Map<string, RefreshTokenClaims>();
  let old = new Map<string, RefreshTokenClaims>();

  const keep = (text: string, claims: RefreshTokenClaims): void => {
    if (young.size >= maxKnown) {
      old = young;
      young = new Map();
    }
    young.set(text, claims);
  };

  return {
    sign: async (claims, key) => {
      const text = await signRefreshToken(claims, key);
      keep(text, claims);
      return text;
    },
    verify: async (text) => {
      const [keys, now] = [await table(), clock() / 1000];
      const known = young.get(text) ?? old.get(text);
      const stands = known !== undefined && now < known.exp && keys.has(text.slice(0, text.indexOf('.')));
      return stands ? known : verifyRefreshToken(text, { keys, issuer, now });
    },
  };
}
