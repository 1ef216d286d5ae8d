import type { AlgorithmName } from '@symbolon/token';
import type { Finding, Patient } from './finding.ts';
import { createCustody, isExternal } from '../keys/key-custody.ts';
import { lookupKeyEntry, openLookupKey } from '../keys/lookup-key.ts';
import { neededKeys } from '../keys/signing-keys.ts';
import type { KeyRow } from '../storage/port/rows.ts';

/** Finds keys that are missing, do not open, or have signed for too long. */
export async function diagnoseKeys(patient: Patient, rows: readonly KeyRow[]): Promise<readonly Finding[]> {
  if (rows.length === 0) return [neverStarted];
  const opened = await Promise.all(rows.map((row) => diagnoseOpening(patient, row)));
  return [
    ...diagnoseMissing(patient, rows),
    ...opened.flat(),
    ...(await diagnoseLookupKey(patient)),
    ...(await diagnoseAge(patient, rows)),
  ];
}

const neverStarted: Finding = {
  level: 'note',
  code: 'never_started',
  what: 'the store has no signing keys yet',
  why: 'there is nothing to verify with',
  fix: 'the first start makes them',
};

function diagnoseMissing({ options }: Patient, rows: readonly KeyRow[]): readonly Finding[] {
  const algorithms = options.audiences.map(({ alg = 'EdDSA' }) => alg);
  return neededKeys({
    algorithms: [...algorithms, 'EdDSA'] as readonly AlgorithmName[],
    // A store that has none was never opened for people.
    identity: rows.some(({ purpose }) => purpose === 'identity'),
  }).flatMap(([purpose, alg]) => {
    const states = rows.filter((row) => row.purpose === purpose && row.alg === alg).map(({ state }) => state);
    const name = `${purpose} key for ${alg}`;
    if (!states.includes('current')) return [missingCurrent(name)];
    return states.includes('next') ? [] : [missingNext(name)];
  });
}

function missingCurrent(name: string): Finding {
  return {
    level: 'error',
    code: 'key_current_missing',
    what: `there is no current ${name}`,
    why: 'nothing of that kind can be signed',
    fix: 'start the issuer again: its start makes the key, and guards fetch it at once',
  };
}

function missingNext(name: string): Finding {
  return {
    level: 'error',
    code: 'key_next_missing',
    what: `there is no next ${name}`,
    why: 'in an emergency there is no key to go on with that guards already hold',
    fix: 'start the issuer again: its start makes the key',
  };
}

async function diagnoseOpening({ keyring }: Patient, row: KeyRow): Promise<readonly Finding[]> {
  if (isExternal(row)) return [heldElsewhere(row)];
  if (keyring === undefined) return [];
  const custody = createCustody({ keyring, signers: {}, report: () => undefined });
  try {
    await custody.open(row);
    return [];
  } catch (error) {
    const signs = row.state === 'current' || row.state === 'next';
    return [
      {
        level: signs ? 'error' : 'warning',
        code: 'key_does_not_open',
        what: `${row.state} ${row.purpose} key ${row.kid}: ${error instanceof Error ? error.message : String(error)}`,
        why: signs ? 'the issuer does not start without it' : 'it signs nothing more, and verifies without',
        fix: 'restore the key file that belongs to this store; if it is lost, revoke the key',
      },
    ];
  }
}

async function diagnoseLookupKey({ storage, keyring }: Patient): Promise<readonly Finding[]> {
  const entry = await lookupKeyEntry(storage);
  if (keyring === undefined || entry === undefined) return [];
  try {
    await openLookupKey({ storage, keyring });
    return [];
  } catch {
    return [
      {
        level: 'error',
        code: 'lookup_key_does_not_open',
        what: `the key under which codes and links are looked up is wrapped under the key file's entry ${entry} and does not open`,
        why: 'the issuer does not start without it',
        fix: 'restore the key file that belongs to this store',
      },
    ];
  }
}

function heldElsewhere({ kid, purpose, kekId }: KeyRow): Finding {
  return {
    level: 'note',
    code: 'key_held_by_signer',
    what: `the ${purpose} key ${kid} is held by ${kekId}`,
    why: 'only a start with that signer shows whether it signs',
    fix: 'nothing, if the issuer is started with that signer',
  };
}

const day = 86_400;
/** A key this much older than it should be, in seconds, waits for something. */
const overdue = 2 * day;

async function diagnoseAge(
  { options, storage }: Patient,
  rows: readonly KeyRow[],
): Promise<readonly Finding[]> {
  const now = await storage.now();
  const limit = ((options.keyRotation ?? 30 * day) + overdue) * 1_000_000;
  return rows
    .filter(({ state, currentAt }) => state === 'current' && currentAt !== null && now - currentAt > limit)
    .map(({ kid, purpose, alg }) => ({
      level: 'warning' as const,
      code: 'key_overdue',
      what: `the current ${purpose} key for ${alg}, ${kid}, should have been replaced more than two days ago`,
      why: 'no issuer runs, or a guard does not hold the next one: then a revocation would cut that guard off',
      fix: `run "symbolon key rotate --purpose ${purpose} --alg ${alg}", which says what it waits for`,
    }));
}
