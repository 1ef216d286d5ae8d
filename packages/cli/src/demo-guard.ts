import { createGuard, type Guard } from '@symbolon/guard';
import { createMachine } from '@symbolon/holder';
import { maxProofLead, type SigningKey } from '@symbolon/token';
import { demoApiClient } from './demo-client.ts';
import { demoUrl } from './paste-block.ts';
import type { DevSettings } from './settings.ts';

/**
 * Makes the guard of the demo API.
 *
 * A guard challenges proofs that an earlier process may have taken already: those dated until a few seconds after its
 * own start. In a folder that was made this moment there was no earlier process, so there the guard starts with a
 * clock that says it has been up for long enough, and the first request of a fresh start needs no second attempt.
 */
export function createDemoGuard(
  settings: DevSettings,
  { isFirst, key }: { isFirst: boolean; key: SigningKey },
): Guard {
  const machine = createMachine({
    issuer: settings.issuer,
    clientId: demoApiClient.id,
    key,
    audience: `${settings.issuer}/revocations`,
  });
  let earlier = isFirst ? (maxProofLead + 1) * 1000 : 0;
  const clock = (): number => Date.now() - earlier;
  const guard = createGuard({
    issuer: settings.issuer,
    audience: demoUrl(settings),
    clock,
    staleFeed: 'refuse',
    identity: machine.fetch,
    name: 'demo-api',
  });
  earlier = 0;
  return guard;
}

/** Waits until proofs dated as far ahead as possible are newer than any that an earlier guard could have taken. */
export async function secondAfterStart(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)));
}
