import type { Finding, Patient } from './finding.ts';
import { readGuards, type RegisteredGuard } from '../feed/guards.ts';
import type { KeyRow } from '../storage/port/rows.ts';

/** A guard further behind the feed than this, in seconds, does not follow it. */
const mostBehind = 10;

/** Finds guards that are silent, behind, or without a key that is or will be signed with. */
export async function diagnoseGuards(
  { storage }: Patient,
  { head, keys }: { head: number; keys: readonly KeyRow[] },
): Promise<readonly Finding[]> {
  const { heard, silent } = await readGuards(storage);
  return [
    ...silent.map(silentFinding),
    ...heard.flatMap((guard) => [...diagnoseHeld(guard, keys), ...diagnoseLag(guard, head)]),
  ];
}

function silentFinding({ name, instance, silentFor }: RegisteredGuard): Finding {
  return {
    level: 'warning',
    code: 'guard_silent',
    what: `the guard ${name} (${instance}) has said nothing for ${String(Math.round(silentFor / 60))} min`,
    why: 'nobody knows which ends it has applied; rotation and "ended at all guards" no longer wait for it',
    fix: 'look after that process and its network; one that was taken away is forgotten after a day',
  };
}

function diagnoseHeld(guard: RegisteredGuard, keys: readonly KeyRow[]): readonly Finding[] {
  return keys
    .filter(
      ({ purpose, state, kid }) => purpose === 'session' && isPublic(state) && !guard.keys.includes(kid),
    )
    .map(({ state, alg, kid }) => ({
      level: state === 'next' ? ('warning' as const) : ('error' as const),
      code: state === 'next' ? 'guard_lacks_next_key' : 'guard_lacks_key',
      what: `the guard ${guard.name} does not hold the ${state} key for ${alg}, ${kid}`,
      why:
        state === 'next'
          ? 'no rotation happens before it does'
          : 'it refuses good tokens that this key has signed',
      fix: 'see that it reaches the key set of the issuer past any cache, or restart it',
    }));
}

function isPublic(state: KeyRow['state']): boolean {
  return state === 'next' || state === 'current' || state === 'retired';
}

function diagnoseLag(guard: RegisteredGuard, head: number): readonly Finding[] {
  // What it said is from when it said it; the head has moved since.
  const behind = Math.round((head - guard.to) / 1_000_000) - guard.silentFor;
  if (behind <= mostBehind) return [];
  return [
    {
      level: 'error',
      code: 'guard_behind',
      what: `the guard ${guard.name} reports, but knows the feed only up to ${String(behind)} s ago`,
      why: 'it accepts sessions that were ended since, unless it was told to refuse then',
      fix: 'see that it reaches the feed (a cache that answers old statements?) and that its feed keys are current',
    },
  ];
}
