import type { AuditKind, AuditRow } from './rows.ts';

/** The audit log. */
export interface AuditStorage {
  /** Oldest first. */
  listAudit(filter: AuditFilter): Promise<readonly AuditRow[]>;
  /** Walks the audit log and says whether it is what was written; `noted` is a head that somebody kept elsewhere. */
  verifyAudit(noted?: AuditHead): Promise<AuditVerdict>;
}

/** The last line of the audit log: its `seq` (0 before the first) and its hash, which stands for all lines before it. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/**
 * `broken` names the first line that is not as it was written: `changed` (or standing in another's place), `removed`,
 * `added` past the head, or `rewritten`: all lines fit, but they are not those whose head was noted.
 */
export type AuditVerdict =
  | { readonly kind: 'intact'; readonly head: AuditHead }
  | {
      readonly kind: 'broken';
      readonly seq: number;
      readonly reason: 'changed' | 'removed' | 'added' | 'rewritten';
    };

export interface AuditFilter {
  readonly kind?: AuditKind;
  readonly sid?: string;
  readonly limit: number;
  /** The `seq` of the last row of the page before. */
  readonly after?: number;
}
