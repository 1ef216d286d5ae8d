import { signProof, type SigningKey } from '@symbolon/token';
import type { LoadCount } from '../harness/http-contest.ts';
import type { Load } from '../harness/load.ts';
import { pourEach, requestText } from '../harness/pour.ts';
import { publicClient, type OfficeIntroduction } from '../offices.ts';
import { connections, form, perMillisecond } from './offices.ts';

/** Sessions of one store that are refreshed over and over, by whichever of its servers is asked. */
export interface HeldSessions {
  readonly make: (milliseconds: number) => Promise<void>;
  /** Refreshes at the servers of these ports, with the usual connections shared out among them. */
  readonly pour: (ports: readonly number[], milliseconds: number) => Promise<LoadCount>;
}

interface Held {
  readonly key: HeldKey;
  refreshToken: string;
}

interface HeldKey {
  readonly key: SigningKey;
  proofs: string[];
}

/**
 * Holds the sessions whose first refresh tokens an office has told; the keys are theirs in turn.
 *
 * Each is refreshed with the token it was given last and a fresh proof, and whoever has waited longest is next.
 */
export function holdSessions(office: OfficeIntroduction, imported: readonly SigningKey[]): HeldSessions {
  const keys = imported.map((key): HeldKey => ({ key, proofs: [] }));
  const idle = office.refreshTokens.map((refreshToken, at): Held => {
    const key = keys[at % keys.length];
    if (key === undefined) throw new TypeError('sessions without a key');
    return { key, refreshToken };
  });
  const pourAt = (port: number, load: { connections: number; milliseconds: number }): Promise<LoadCount> =>
    pourEach(port, {
      ...load,
      next: () => refreshRequest({ path: office.path, port }, idle),
      take: ({ body }, { session }) => {
        session.refreshToken = (JSON.parse(body) as { refresh_token: string }).refresh_token;
        idle.push(session);
      },
    });
  return {
    make: async (milliseconds) => {
      const count = Math.ceil((milliseconds * perMillisecond) / keys.length);
      for (const held of keys) held.proofs = await makeProofs(office, { key: held.key, count });
    },
    pour: async (ports, milliseconds) => {
      const share = { milliseconds, connections: connections / ports.length };
      const counts = await Promise.all(ports.map((port) => pourAt(port, share)));
      return {
        operations: counts.reduce((sum, { operations }) => sum + operations, 0),
        milliseconds: Math.max(...counts.map((count) => count.milliseconds)),
      };
    },
  };
}

/** Holders that refresh their sessions at one server. */
export function refreshLoad(office: OfficeIntroduction, keys: readonly SigningKey[]): Load {
  const { make, pour } = holdSessions(office, keys);
  return { make, pour: (milliseconds) => pour([office.port], milliseconds) };
}

async function makeProofs(
  { tokenUrl }: OfficeIntroduction,
  { key, count }: { key: SigningKey; count: number },
): Promise<string[]> {
  const now = Date.now() / 1000;
  const request = { method: 'POST', url: tokenUrl, now };
  return Promise.all(Array.from({ length: count }, () => signProof(request, key)));
}

/** Takes the session that has waited longest, or none where its key's proofs are used up. */
function refreshRequest(
  { path, port }: { path: string; port: number },
  idle: Held[],
): { text: string; session: Held } | undefined {
  const session = idle[0];
  const dpop = session?.key.proofs.pop();
  if (session === undefined || dpop === undefined) return undefined;
  idle.shift();
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: publicClient,
    refresh_token: session.refreshToken,
  });
  const headers = { ...form, dpop };
  return { session, text: requestText({ method: 'POST', path, port, headers, body: body.toString() }) };
}
