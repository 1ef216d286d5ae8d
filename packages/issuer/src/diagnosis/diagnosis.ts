import { diagnoseGuards } from './guards.ts';
import { diagnoseKeys } from './keys.ts';
import type { Finding, Patient } from './finding.ts';
import { readIssuerOptions, type StatedOptions } from '../issuer-options.ts';
import type { Storage } from '../storage/port/storage.ts';

const microseconds = 1_000_000;
/** How far the head may be ahead of a clock, or behind it while an issuer runs, in seconds. */
const clockTolerance = 2;
const stillAfter = 5;

/** Finds what in a store and its settings would keep an issuer from starting or a guard from verifying. */
export async function diagnose(patient: Patient): Promise<readonly Finding[]> {
  const { storage } = patient;
  const { head } = await storage.readFeed({ after: Number.MAX_SAFE_INTEGER, limit: 1 });
  const seen = { head, guards: await storage.listGuards(), keys: await storage.listKeys() };
  return [
    ...diagnoseOptions(patient.options),
    ...(await diagnoseOwner(patient)),
    ...diagnoseClock(patient, head),
    ...(await diagnoseKeys(patient, seen.keys)),
    ...(await diagnoseGuards(patient, seen)),
    ...(await diagnoseAudit(storage)),
  ];
}

function diagnoseOptions(options: StatedOptions): readonly Finding[] {
  try {
    readIssuerOptions(options);
    return [];
  } catch (error) {
    return [
      {
        level: 'error',
        code: 'settings_unsound',
        what: error instanceof Error ? error.message : String(error),
        why: 'the issuer does not start with these settings',
        fix: 'change the settings as the message says',
      },
    ];
  }
}

async function diagnoseOwner({ storage, options }: Patient): Promise<readonly Finding[]> {
  const owner = await storage.findMeta('issuer');
  if (owner === null || owner === options.issuer) return [];
  return [
    {
      level: 'error',
      code: 'store_of_other_issuer',
      what: `the store belongs to the issuer ${owner}, the settings say ${options.issuer}`,
      why: 'a store belongs to one issuer for ever: all its tokens, subjects and ends carry the name',
      fix: `set the issuer to ${owner}, or name another store`,
    },
  ];
}

function diagnoseClock({ clock }: Patient, head: number): readonly Finding[] {
  if (head === 0) return [];
  const ahead = Math.round(head / microseconds - clock() / 1000);
  if (ahead > clockTolerance) {
    return [
      {
        level: 'error',
        code: 'clock_behind',
        what: `this machine's clock is ${String(ahead)} s behind the last thing the store has said`,
        why: 'the feed never goes back, so tokens are dated ahead and guards refuse them as issued in the future',
        fix: 'set the clock (NTP); if it was ahead before, wait until it has caught up',
      },
    ];
  }
  if (-ahead <= stillAfter) return [];
  return [
    {
      level: 'note',
      code: 'not_running',
      what: `the feed has stood still for ${String(-ahead)} s: no issuer serves this store`,
      why: 'guards know nothing of newer ends, and those that were told to refuse then refuse everything',
      fix: 'start it with "symbolon serve"',
    },
  ];
}

async function diagnoseAudit(storage: Storage): Promise<readonly Finding[]> {
  const verdict = await storage.verifyAudit();
  if (verdict.kind === 'intact') return [];
  return [
    {
      level: 'error',
      code: 'audit_broken',
      what: `line ${String(verdict.seq)} of the audit log was ${verdict.reason}`,
      why: 'somebody who can write to the store has changed what it tells, or it was restored in part',
      fix: 'keep a copy of the store as evidence, compare with a backup, and find out who had access',
    },
  ];
}
