import { createMachine, type Machine } from '@symbolon/holder';
import { maxProofLead, signProof, type SigningKey } from '@symbolon/token';
import type { DevSettings } from './settings.ts';

/** The demo client at the terminal. */
export interface DemoHolder {
  readonly key: SigningKey;
  readonly machine: Machine;
}

/** Makes the demo client's machine. */
export function demoHolder(settings: DevSettings, key: SigningKey): DemoHolder {
  const { issuer, demo } = settings;
  return {
    key,
    machine: createMachine({ issuer, clientId: demo.clientId, key, audience: demoUrl(settings) }),
  };
}

/** Where the demo API is; also its audience. */
export function demoUrl(settings: DevSettings): string {
  return `http://localhost:${settings.demo.port}`;
}

/**
 * Writes a `curl` with a fresh token and a fresh proof, or the reason why there is no token.
 *
 * The proof is dated as far ahead as a guard allows: it is good for 35 s from now, time enough to paste it, and from
 * the second after the guard's start it is none that an earlier process could have seen.
 */
export async function freshCurl(holder: DemoHolder, url: string): Promise<string> {
  const result = await holder.machine.token();
  if (result.kind !== 'ok') return `# no token for the demo client: ${result.description} (${result.code})`;
  const { token } = result;
  const now = Math.floor(Date.now() / 1000) + maxProofLead;
  const proof = await signProof({ method: 'GET', url, now, token }, holder.key);
  return `curl -i ${url} \\\n  -H 'Authorization: DPoP ${token}' \\\n  -H 'DPoP: ${proof}'`;
}
