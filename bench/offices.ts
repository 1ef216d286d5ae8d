import { generatePrivateJwk, importSigningKey, type PrivateJwk, type PublicJwk } from '@symbolon/token';

/** A key with which somebody proves something at an issuer. */
export interface Party {
  readonly id: string;
  readonly jwk: PublicJwk;
  readonly kid: string;
}

/** What every issuing server is started with. */
export interface OfficeMaterial {
  /** A folder that is removed afterwards. */
  readonly folder: string;
  /** Machine clients, by their public keys. */
  readonly machines: readonly Party[];
  /** Holders of a session of a public client, by their public keys. */
  readonly holders: readonly Party[];
}

/** What the load process knows besides: the private keys, in the same order. */
export interface OfficeLoadMaterial {
  readonly machines: readonly PrivateJwk[];
  readonly holders: readonly PrivateJwk[];
}

/** How a server is asked for tokens, as it says itself. */
export interface OfficeIntroduction {
  readonly port: number;
  readonly issuer: string;
  /** The URL that proofs name. */
  readonly tokenUrl: string;
  /** The path that is asked. */
  readonly path: string;
  /** The first refresh token of each holder. */
  readonly refreshTokens: readonly string[];
  /** Where a session is a cookie: that of each holder. */
  readonly cookies?: readonly string[];
}

/** The public client whose sessions are refreshed. */
export const publicClient = 'web-shop';
/** The scope of every token. */
export const scope = 'orders:read';

/** The servers of the benches of issuance and refresh. */
export const offices = {
  ours: 'symbolon, SQLite (WAL, FULL)',
  bareSodium: 'bare server that only signs, sodium-native',
  bareNode: 'bare server that only signs, node:crypto',
  oidcProvider: 'oidc-provider, in memory',
  betterAuth: 'better-auth, SQLite (WAL, FULL)',
} as const;

const partyCounts = { machines: 64, holders: 64 };

/** Makes the keys of everybody who takes part. */
export async function makeParties(
  folder: string,
): Promise<{ material: OfficeMaterial; load: OfficeLoadMaterial }> {
  const machines = await makeKeys(partyCounts.machines);
  const holders = await makeKeys(partyCounts.holders);
  return {
    material: {
      folder,
      machines: await Promise.all(machines.map((jwk, at) => partyOf(jwk, `machine-${at}`))),
      holders: await Promise.all(holders.map((jwk, at) => partyOf(jwk, `person-${at}`))),
    },
    load: { machines, holders },
  };
}

function makeKeys(count: number): Promise<readonly PrivateJwk[]> {
  return Promise.all(Array.from({ length: count }, () => generatePrivateJwk('EdDSA')));
}

async function partyOf(jwk: PrivateJwk, id: string): Promise<Party> {
  const key = await importSigningKey(jwk);
  return { id, jwk: key.jwk, kid: key.kid };
}
