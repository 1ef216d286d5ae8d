import { createHash, createPublicKey } from 'node:crypto';
import {
  mintedCredentials,
  rsaKey,
  startKeySetStage,
  type CredentialSource,
  type ForgeKey,
} from '@symbolon/attack';
import type { Opened } from './scoreboard-contestant.ts';

/** What a verifier is told: whom it trusts, and who it is. */
export interface Trust {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly audience: string;
  readonly pem: string;
  /** The public key with `kid`, `alg` and `use`. */
  readonly jwk: object;
}

/** A verifier that stands before a page. */
export interface Verifying {
  readonly url: string;
  readonly close: () => void;
}

const alg = 'RS256';
const audience = 'http://localhost:1/scoreboard';
const elsewhere = 'http://localhost:1/elsewhere';
const key = rsaKey(alg);

/** Opens a verifier that trusts a test issuer whose key the battery has, so that claims are varied too. */
export async function trusting(start: (trust: Trust) => Promise<Verifying>): Promise<Opened> {
  const kid = thumbprint(key.jwk);
  const jwk = { ...key.jwk, kid, alg, use: 'sig' };
  const stage = await startKeySetStage({ keys: [jwk] });
  const pem = createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' }).toString();
  const { issuer, jwksUri } = stage;
  const verifying = await start({ issuer, jwksUri, audience, pem, jwk });
  const signer = { key, header: { alg, kid, typ: 'JWT' } };
  const minted = (claims: object): CredentialSource =>
    mintedCredentials({
      signer,
      carrier: { kind: 'bearer' },
      claims: (at) => ({ ...claimsOf(at, issuer), ...claims }),
    });
  return {
    options: {
      request: { url: verifying.url, method: 'GET', headers: [] },
      honest: minted({}),
      second: minted({ sub: 'bob' }),
      elsewhere: minted({ aud: elsewhere }),
      issuer,
      signer,
      keySet: { stage, canChange: true },
    },
    close: () => {
      verifying.close();
      stage.close();
    },
  };
}

function claimsOf({ now, id }: { now: number; id: string }, issuer: string): Record<string, unknown> {
  const times = { iat: now, exp: now + 300 };
  return { iss: issuer, sub: 'alice', aud: audience, client_id: 'app', scope: 'read', ...times, jti: id };
}

/** RFC 7638. */
function thumbprint({ e, kty, n }: ForgeKey['jwk']): string {
  return createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');
}
