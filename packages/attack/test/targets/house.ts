import type { JsonWebKey } from 'node:crypto';
import type { CredentialSource } from '../../src/credentials/credential.ts';
import type { JsonObject } from '../../src/json.ts';
import type { KeySetStage } from '../../src/keys/key-set-stage.ts';
import type { Signer } from '../../src/options.ts';

/** What a target knows: the issuer it trusts, its keys, and who it is itself. */
export interface House {
  readonly issuer: string;
  readonly jwksUri: string;
  /** The target's own URL, which is its audience too, and the other audience that the issuer serves. */
  readonly audience: string;
  readonly otherAudience: string;
  readonly alg: string;
  /** The header of honest tokens. */
  readonly header: JsonObject;
  /** The issuer's public key as a JWK with `kid` and `alg`, and as PEM (SPKI). */
  readonly jwk: JsonWebKey & { readonly kid: string };
  readonly pem: string;
  /** The issuer's private key: only for targets that give their honest tokens away in another way. */
  readonly signer: Required<Signer>;
  readonly stage: KeySetStage;
  /** Mints honest credentials; claims given here are added. */
  readonly minted: (claims?: JsonObject) => CredentialSource;
}
