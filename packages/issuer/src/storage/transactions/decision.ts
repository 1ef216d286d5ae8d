import type { Engine, Row, Sharing, Statement, Value } from '../engine.ts';
import { UniqueViolation } from '../engine.ts';
import { integer, readSession, text } from './read-rows.ts';
import type { AuditKind } from '../port/rows.ts';
import { redeemAssertion } from '../sql/assertions.ts';
import { recordAudit } from '../sql/audit.ts';
import type { Assertion, Issue, Replayed } from '../port/decisions.ts';

export function statement(sqlText: string, ...values: readonly Value[]): Statement {
  return { sql: sqlText, values };
}

/** One line for the audit log; `fields` must hold no credential and nothing personal. */
export interface Told {
  readonly kind: AuditKind;
  readonly clientId?: string;
  readonly sid?: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A line of the audit log: `sqlText` with what is told in $1 to $4, then its own values. Belongs last in its batch. */
export function telling(
  sqlText: string,
  { told, values = [] }: { told: Told; values?: readonly Value[] },
): readonly Statement[] {
  return [statement(sqlText, ...auditValues(told), ...values), statement(recordAudit)];
}

function auditValues({ kind, clientId = null, sid = null, fields }: Nullable<Told>): readonly Value[] {
  return [kind, clientId, sid, JSON.stringify(fields)];
}
type Nullable<T> = { [K in keyof T]: T[K] | (undefined extends T[K] ? null : never) };

/** What a batch decided, or that the assertion in it had been redeemed before and nothing was done. */
export type Decided = { readonly kind: 'decided'; readonly results: readonly (readonly Row[])[] } | Replayed;

/** Runs a decision as one transaction together with the redemption of the assertion that authorises it. */
export async function decide(
  engine: Engine,
  decision: { statements: readonly Statement[]; assertion: Assertion | undefined; sharing?: Sharing },
): Promise<Decided> {
  const { statements, assertion, sharing } = decision;
  // One with an assertion fails where that is replayed: it goes alone.
  if (!assertion) return { kind: 'decided', results: await engine.batch(statements, sharing) };
  try {
    const [, ...results] = await engine.batch([redemption(assertion), ...statements]);
    return { kind: 'decided', results };
  } catch (error) {
    if (error instanceof UniqueViolation && error.table === 'redeemed_assertions')
      return { kind: 'assertion_replayed' };
    throw error;
  }
}

function redemption({ clientId, jtiHash, expiresAt }: Assertion): Statement {
  return statement(redeemAssertion, clientId, jtiHash, expiresAt);
}

/** @throws Error if there is no current key for an algorithm asked for: a fault of the installation, repaired by adding one. */
export function readIssue(row: Row): Issue {
  if (row['session_kid'] === null || row['refresh_kid'] === null) {
    throw new Error('there is no current signing key for an algorithm of this session');
  }
  return {
    session: readSession(row),
    sessionKid: text(row, 'session_kid'),
    refreshKid: text(row, 'refresh_kid'),
    now: integer(row, 'now'),
  };
}
