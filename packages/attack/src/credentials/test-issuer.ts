import { randomBytes } from 'node:crypto';
import { thumbprint } from '../keys/thumbprint.ts';
import type { Carrier, CredentialSource } from './credential.ts';
import { mintedCredentials } from './credentials.ts';
import { ed25519Key, type ForgeKey } from '../keys/forge-key.ts';
import type { JsonObject } from '../json.ts';
import { startKeySetStage } from '../keys/key-set-stage.ts';
import type { AttackOptions, Signer } from '../options.ts';
import { createRandom } from '../random.ts';

/** How to act as the issuer of a target that was set up for it. */
export interface TestIssuerOptions {
  /** Where the key set is served; a free port unless given. */
  readonly port?: number;
  /** What signs; a new Ed25519 key unless given. */
  readonly key?: ForgeKey;
  /** Whom tokens are for, and whom they are for that the target must refuse. */
  readonly audience: string;
  readonly otherAudience?: string;
  readonly carrier: Carrier;
  /** Claims in place of the usual ones, or besides them; `undefined` leaves one out. */
  readonly claims?: JsonObject;
  readonly clock?: () => number;
}

/** An issuer that we are ourselves. */
export interface TestIssuer {
  /** Its identifier: what the target is to be set up with. */
  readonly issuer: string;
  readonly jwksUri: string;
  /** What it adds to the options of a run: every kind of credential, the signing key and the key set. */
  readonly options: Pick<AttackOptions, 'issuer' | 'signer' | 'keySet'> & {
    readonly honest: CredentialSource;
    readonly second: CredentialSource;
    readonly elsewhere: CredentialSource;
  };
  readonly close: () => void;
}

const lifetime = 300;

/**
 * Starts an issuer on loopback for a test deployment: metadata, a key set that attacks may change, and tokens with the
 * claims of RFC 9068 and of ours.
 */
export async function startTestIssuer(options: TestIssuerOptions): Promise<TestIssuer> {
  const { port = 0, audience, otherAudience = 'http://localhost:1/other', carrier, claims = {} } = options;
  const key = options.key ?? ed25519Key(createRandom(randomBytes(32).toString('hex')));
  const kid = thumbprint(key.jwk);
  const stage = await startKeySetStage({
    port,
    keys: [{ ...key.jwk, kid, alg: key.alg, use: 'sig', purpose: 'session' }],
  });
  const { issuer, jwksUri } = stage;
  const signer: Required<Signer> = { key, header: { alg: key.alg, kid, typ: 'at+jwt' } };
  const minted = (own: JsonObject = {}): CredentialSource =>
    mintedCredentials({
      signer,
      carrier,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      claims: (at) => ({
        ...usualClaims(at),
        iss: issuer,
        aud: audience,
        ...bound(carrier),
        ...claims,
        ...own,
      }),
    });
  return {
    issuer,
    jwksUri,
    options: {
      issuer,
      signer,
      keySet: { stage, canChange: true },
      honest: minted(),
      second: minted({ sub: 'bob', sh: idOf('bob') }),
      elsewhere: minted({ aud: otherAudience }),
    },
    close: stage.close,
  };
}

function usualClaims({ now, id }: { now: number; id: string }): JsonObject {
  return {
    iss: '',
    sub: 'alice',
    aud: '',
    client_id: 'app',
    iat: now,
    exp: now + lifetime,
    jti: id,
    sid: id,
    sst: now * 1_000_000,
    sh: idOf('alice'),
    scope: 'read',
  };
}

/** 128 bits, as ids are, that tell whose they are. */
function idOf(word: string): string {
  return word.padEnd(22, '0');
}

function bound(carrier: Carrier): JsonObject {
  switch (carrier.kind) {
    case 'dpop':
      return { cnf: { jkt: thumbprint(carrier.key.jwk) } };
    case 'cookie':
      return { crr: 'cookie' };
    case 'bearer':
    case 'header':
      return { crr: 'bearer' };
  }
}
