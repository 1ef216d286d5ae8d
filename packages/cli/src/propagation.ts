import type { Propagation } from '@symbolon/issuer';
import type { OpenIssuer } from './open-issuer.ts';
import { lengthText } from './times.ts';

/** How long a command waits for guards to say that they have applied an end, in ms. */
const patience = 3000;

/** Waits until the guards that can be heard have applied what was ended at a position of the feed. */
export function awaitGuards({ issuer }: OpenIssuer, position: number): Promise<Propagation> {
  return issuer.waitUntilApplied(position, patience);
}

/** How far an end has come, for scripts. */
export function propagationData({ guards, applied, ms, missing }: Propagation): object {
  const silent = missing.map(({ name, instance, silentFor }) => ({ name, instance, silent_for: silentFor }));
  return { guards, applied, ms, missing: silent };
}

/** How far an end has come, for people. */
export function propagationText({ guards, applied, ms, missing }: Propagation): readonly string[] {
  if (guards === 0 && missing.length === 0) {
    return ['  no guard with an identity is known: those that poll the feed read it within seconds'];
  }
  return [
    `  refused by ${applied} of ${guards} guards after ${ms} ms`,
    ...missing.map(({ name, silentFor }) => `  ${name} has not said so: silent for ${lengthText(silentFor)}`),
  ];
}
