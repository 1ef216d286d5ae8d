import type { AccountRow, AccountStorage } from '../port/account-storage.ts';
import { nameOf } from '../port/actor.ts';
import type { Engine, Row } from '../engine.ts';
import { foldName } from '../fold-name.ts';
import { happening, type Happening } from './happening.ts';
import { integer, onlyRow, text } from './read-rows.ts';
import { decideAs } from './acting.ts';
import { statement, telling, type Told } from './decision.ts';
import { createSqlLinks } from './links.ts';
import { createSqlPasskeys } from './passkeys.ts';
import * as sql from '../sql/accounts.ts';
import { holdHead, moveHead } from '../sql/head.ts';
import { sweepCodes } from '../sql/one-time-codes.ts';
import * as recovery from '../sql/recovery-codes.ts';
import * as events from '../sql/security-events.ts';
import * as subjects from '../sql/subjects.ts';
import { sweepAll } from './sweep-all.ts';

/** Accounts and what opens them, over SQL. `request` names each decision, never twice the same. */
export function createSqlAccounts(engine: Engine, request: () => string): AccountStorage {
  return {
    ...createSqlPasskeys(engine, request),
    ...createSqlLinks(engine),
    async findAccount(by) {
      const found =
        'subject' in by
          ? statement(sql.findAccountBySubject, by.subject)
          : statement(sql.findAccountByName, foldName(by.name));
      const [row] = await engine.read(found);
      return row ? readAccount(row) : null;
    },
    async setRole({ subject, role, by, event }) {
      const told: Happening = {
        ...{ event, subject, kind: 'role_changed', fields: { role }, audit: { by: nameOf(by) } },
        ...{ condition: events.happened.roleChanges, values: [subject, role] },
      };
      const results = await decideAs(engine, by, {
        statements: [
          statement(holdHead),
          ...happening(told),
          statement(sql.setRole, subject, role),
          statement(sql.findAccountBySubject, subject),
        ],
      });
      if (results.at(-2)?.length === 1) return { kind: 'changed' };
      const row = results.at(-1)?.[0];
      if (!row) return { kind: 'unknown' };
      return { kind: readAccount(row).role === role ? 'unchanged' : 'last_operator' };
    },
    async disableAccount({ subject, by, event }) {
      const told: Told = { kind: 'subject_disabled', fields: { by: nameOf(by), subject } };
      const kept = [event, subject, 'account_disabled', '{}', subject];
      const results = await decideAs(engine, by, {
        statements: [
          statement(moveHead),
          statement(sql.disableAccount, subject),
          statement(subjects.saySubjectCut, subject),
          statement(sql.voidEnrolmentsIfDisabled, subject),
          statement(events.keepEvent(events.happened.accountCut), ...kept),
          ...telling(subjects.auditIfSubjectCut, { told, values: [subject] }),
          statement(sql.findAccountBySubject, subject),
        ],
      });
      const row = results[1]?.[0];
      if (row) return { kind: 'cut', position: integer(row, 'position') };
      return { kind: results.at(-1)?.length === 1 ? 'last_operator' : 'unknown' };
    },
    async enableAccount({ subject, by, event }) {
      const told: Told = { kind: 'subject_enabled', fields: { by: nameOf(by), subject } };
      const kept = [event, subject, 'account_enabled', '{}', subject];
      const [, rows] = await decideAs(engine, by, {
        statements: [
          statement(holdHead),
          statement(subjects.enableSubject, subject),
          statement(events.keepEvent(events.happened.accountStands), ...kept),
          ...telling(subjects.auditIfSubjectStands, { told, values: [subject] }),
        ],
      });
      return { kind: rows?.length === 1 ? 'enabled' : 'unknown' };
    },
    async countRecoveryCodes(subject) {
      return integer(onlyRow(await engine.read(statement(recovery.countRecoveryCodes, subject))), 'many');
    },
    async replaceRecoveryCodes({ subject, names, event, by }) {
      const told: Happening = {
        ...{ event, subject, kind: 'recovery_codes_made', fields: { count: names.length } },
        ...{ condition: events.happened.codeKept, values: [names[0] ?? ''] },
      };
      const results = await decideAs(engine, by, {
        statements: [
          statement(holdHead),
          statement(recovery.dropRecoveryCodes, subject),
          statement(sql.voidEnrolments, subject),
          ...names.map((name) => statement(recovery.addRecoveryCode, name, subject)),
          ...happening(told),
        ],
      });
      return { kind: results[3]?.length === 1 ? 'replaced' : 'unknown' };
    },
    redeemRecoveryCode: (redemption) => redeemRecoveryCode(engine, redemption),
    sweepCodes: async () =>
      (await sweepAll(engine, statement(sweepCodes))) +
      (await sweepAll(engine, statement(events.sweepEvents))),
  };
}

async function redeemRecoveryCode(
  engine: Engine,
  redemption: Parameters<AccountStorage['redeemRecoveryCode']>[0],
): ReturnType<AccountStorage['redeemRecoveryCode']> {
  const { name, accountName, enrolment, event } = redemption;
  const [found] = await engine.read(statement(recovery.findRecoveryCode, name, foldName(accountName)));
  if (!found) return { kind: 'refused' };
  const told: Happening = {
    ...{ event, subject: text(found, 'subject'), kind: 'account_recovered', fields: {} },
    ...{ condition: events.happened.codeRedeemed, values: [name, enrolment.name] },
  };
  const [, rows] = await engine.batch([
    statement(holdHead),
    statement(recovery.offerRecovery, name, foldName(accountName), enrolment.name, enrolment.life),
    ...happening(told),
    statement(recovery.useUpRecoveryCode, name, enrolment.name),
  ]);
  return { kind: rows?.length === 1 ? 'redeemed' : 'refused' };
}

function readAccount(row: Row): AccountRow {
  return {
    subject: text(row, 'subject'),
    name: text(row, 'name'),
    role: text(row, 'role') === 'operator' ? 'operator' : 'person',
    enabled: integer(row, 'enabled') === 1,
    createdAt: integer(row, 'created_at'),
  };
}
