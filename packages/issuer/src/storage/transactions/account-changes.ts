import type { AccountChangeStorage } from '../port/account-change-storage.ts';
import type { AccountStorage } from '../port/account-storage.ts';
import { nameOf } from '../port/actor.ts';
import type { Engine } from '../engine.ts';
import { foldName } from '../fold-name.ts';
import { happening } from './happening.ts';
import { text } from './read-rows.ts';
import { decideAs } from './acting.ts';
import { statement, telling, type Told } from './decision.ts';
import * as sql from '../sql/account-changes.ts';
import { findAccountBySubject } from '../sql/accounts.ts';
import { holdHead } from '../sql/head.ts';
import { auditIf } from '../sql/security-events.ts';

type Disable = AccountStorage['disableAccount'];

/** Names of accounts, and accounts that go, over SQL. `request` names each decision, never twice the same. */
export function createSqlAccountChanges(
  engine: Engine,
  { request, disable }: { request: () => string; disable: Disable },
): AccountChangeStorage {
  return {
    async renameAccount({ subject, name, by, event }) {
      const folded = foldName(name);
      const results = await decideAs(engine, by, {
        statements: [
          statement(holdHead),
          ...happening({
            ...{ event, subject, kind: 'account_renamed', fields: { name }, audit: { by: nameOf(by) } },
            ...{ condition: sql.nameChanges, values: [subject, name, folded] },
          }),
          statement(sql.renameAccount, subject, name, folded),
          statement(findAccountBySubject, subject),
        ],
      });
      if (results.at(-2)?.length === 1) return { kind: 'renamed' };
      const row = results.at(-1)?.[0];
      if (!row) return { kind: 'unknown' };
      return { kind: text(row, 'name') === name ? 'unchanged' : 'taken' };
    },
    async removeAccount({ subject, by, event }) {
      // Links come before the head, and the last operator is judged with it held: so there are two transactions.
      for (;;) {
        const disabled = await disable({ subject, by, event });
        if (disabled.kind !== 'cut') return disabled;
        const told: Told = { kind: 'account_removed', fields: { by: nameOf(by), subject } };
        const results = await decideAs(engine, by, {
          statements: [
            statement(sql.endGrants, subject, request()),
            statement(holdHead),
            ...telling(auditIf(sql.accountGoes), { told, values: [subject] }),
            ...sql.deleteAccount.map((deletion) => statement(deletion, subject)),
          ],
        });
        if (results.at(-1)?.length === 1) return { kind: 'removed', position: disabled.position };
        // Somebody enabled it in between, or removed it.
      }
    },
  };
}
