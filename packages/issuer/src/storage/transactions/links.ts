import type { AccountStorage, CodeOffer, InvitationRow, PlannedAccount } from '../port/account-storage.ts';
import { nameOf } from '../port/actor.ts';
import type { Engine, Row, Value } from '../engine.ts';
import { foldName } from '../fold-name.ts';
import { happening, type Happening } from './happening.ts';
import { integer, json, text } from './read-rows.ts';
import { decideAs } from './acting.ts';
import { statement, telling, type Told } from './decision.ts';
import { findAccountBySubject } from '../sql/accounts.ts';
import * as enrolments from '../sql/enrolments.ts';
import { holdHead } from '../sql/head.ts';
import { dropRecoveryLinks, offerRecoveryLink } from '../sql/recovery-codes.ts';
import { auditIf, happened } from '../sql/security-events.ts';

type Links = Pick<
  AccountStorage,
  'offerFirst' | 'invite' | 'listInvitations' | 'withdrawInvitations' | 'offerRecoveryLink'
>;

/** The links that an operator gives somebody, over SQL: to an account that is to be, or to one that stands. */
export function createSqlLinks(engine: Engine): Links {
  return {
    async offerFirst(offer) {
      const [rows] = await engine.batch([statement(enrolments.offerFirst, ...offered(offer))]);
      return { kind: rows?.length === 1 ? 'offered' : 'refused' };
    },
    async invite({ by, inviter, ...offer }) {
      const { name, role, subject } = offer.account;
      const told: Told = { kind: 'invitation_made', fields: { by: nameOf(by), role, subject } };
      const folded = foldName(name);
      const [, , rows] = await decideAs(engine, by, {
        statements: [
          statement(holdHead),
          statement(enrolments.dropInvitations, folded),
          statement(enrolments.invite, ...offered(offer), folded, inviter),
          ...telling(auditIf(happened.codeKept), { told, values: [offer.name] }),
        ],
      });
      const row = rows?.[0];
      return row ? { kind: 'invited', expiresAt: integer(row, 'expires_at') } : { kind: 'refused' };
    },
    async listInvitations({ limit }) {
      return (await engine.read(statement(enrolments.listInvitations, limit))).map(readInvitation);
    },
    async withdrawInvitations({ name, by }) {
      const found = await engine.read(statement(enrolments.findInvitations, foldName(name)));
      if (found.length === 0) return { kind: 'unknown' };
      const results = await decideAs(engine, by, {
        statements: [statement(holdHead), ...found.flatMap((row) => withdrawal(row, nameOf(by)))],
      });
      const withdrawn = found.some((_, n) => results[3 * (n + 1)]?.length === 1);
      return { kind: withdrawn ? 'withdrawn' : 'unknown' };
    },
    async offerRecoveryLink({ name, subject, life, by, inviter, event }) {
      const told: Happening = {
        ...{ event, subject, kind: 'recovery_link_made', fields: {}, audit: { by: nameOf(by) } },
        ...{ condition: happened.codeKept, values: [name] },
      };
      const results = await decideAs(engine, by, {
        statements: [
          statement(holdHead),
          statement(dropRecoveryLinks, subject),
          statement(offerRecoveryLink, name, subject, life, inviter),
          ...happening(told),
          statement(findAccountBySubject, subject),
        ],
      });
      const row = results[2]?.[0];
      if (row) return { kind: 'offered', expiresAt: integer(row, 'expires_at') };
      return { kind: results.at(-1)?.length === 1 ? 'disabled' : 'unknown' };
    },
  };
}

/** Told before it is done, while the code stands: whoever used it in the meantime keeps the account. */
function withdrawal(row: Row, by: string): readonly ReturnType<typeof statement>[] {
  const code = text(row, 'hash');
  const { subject, role } = readPlanned(row);
  const told: Told = { kind: 'invitation_withdrawn', fields: { by, role, subject } };
  return [
    ...telling(auditIf(happened.codeKept), { told, values: [code] }),
    statement(enrolments.withdrawInvitation, code),
  ];
}

function offered({ name, account, life }: CodeOffer): readonly Value[] {
  return [name, JSON.stringify(account), life];
}

function readInvitation(row: Row): InvitationRow {
  const { name, role } = readPlanned(row);
  return { name, role, createdAt: integer(row, 'created_at'), expiresAt: integer(row, 'expires_at') };
}

/** This package's own writes give the state its shape; nothing else writes it. */
function readPlanned(row: Row): PlannedAccount {
  return json(row, 'state') as PlannedAccount;
}
