import { hash } from 'node:crypto';
import type { AuditFilter, AuditHead, AuditVerdict } from '../port/audit-storage.ts';
import type { Engine, Row } from '../engine.ts';
import { integer, onlyRow, readAudit, text } from './read-rows.ts';
import { statement } from './decision.ts';
import { listAudit, readChain } from '../sql/audit.ts';
import type { Storage } from '../port/storage.ts';

const readAtOnce = 1000;

/** The audit log: lines that were written by the decisions they tell of, each hashed together with the one before. */
export function createSqlAudit(engine: Engine): Pick<Storage, 'listAudit' | 'verifyAudit'> {
  return {
    async listAudit(filter) {
      return (await engine.read(listing(filter))).map(readAudit);
    },
    verifyAudit: (noted) => verifyAudit(engine, noted),
  };
}

function listing({ kind, sid, limit, after = 0 }: AuditFilter): ReturnType<typeof statement> {
  const values = [kind, sid].filter((value) => value !== undefined);
  const by = { kind: kind !== undefined, sid: sid !== undefined };
  return statement(listAudit(by), after, limit, ...values);
}

/**
 * Page by page, so that it may be asked for while the log grows. The head was read together with each page: what ends
 * before it was cut off, what goes on after it was put there.
 */
async function verifyAudit(engine: Engine, noted: AuditHead | undefined): Promise<AuditVerdict> {
  let last: AuditHead = { seq: 0, hash: '' };
  for (;;) {
    const rows = await engine.read(statement(readChain, last.seq, readAtOnce));
    const head = { seq: integer(onlyRow(rows), 'head_seq'), hash: text(onlyRow(rows), 'head_hash') };
    const lines = rows.filter((row) => row['seq'] !== null);
    for (const line of lines) {
      const reason = faultOf(line, { last, head });
      if (reason) return reason;
      last = { seq: integer(line, 'seq'), hash: text(line, 'hash') };
      if (last.seq === noted?.seq && last.hash !== noted.hash) return broken(last.seq, 'rewritten');
    }
    if (lines.length < readAtOnce) return verdictAtEnd({ last, head, noted });
  }
}

function faultOf(line: Row, { last, head }: { last: AuditHead; head: AuditHead }): AuditVerdict | undefined {
  const seq = integer(line, 'seq');
  if (seq > last.seq + 1) return broken(last.seq + 1, 'removed');
  if (seq > head.seq) return broken(seq, 'added');
  return auditHash(last.hash, line) === text(line, 'hash') ? undefined : broken(seq, 'changed');
}

function verdictAtEnd(of: { last: AuditHead; head: AuditHead; noted: AuditHead | undefined }): AuditVerdict {
  const { last, head, noted } = of;
  if (last.seq < Math.max(head.seq, noted?.seq ?? 0)) return broken(last.seq + 1, 'removed');
  return last.hash === head.hash ? { kind: 'intact', head } : broken(last.seq, 'changed');
}

function broken(seq: number, reason: Extract<AuditVerdict, { kind: 'broken' }>['reason']): AuditVerdict {
  return { kind: 'broken', seq, reason };
}

/** What `chained` in sql/audit.ts says. The lengths keep one field from passing for two. */
function auditHash(previous: string, line: Row): string {
  const parts = [
    previous,
    integer(line, 'seq'),
    integer(line, 'at'),
    text(line, 'kind'),
    measured(line['client_id']),
    measured(line['sid']),
    text(line, 'fields'),
  ];
  return hash('sha256', parts.join(' '), 'hex');
}

/** Databases count characters, not UTF-16 units. */
function measured(value: unknown): string {
  return typeof value === 'string' ? `${Array.from(value).length}:${value}` : '-';
}
