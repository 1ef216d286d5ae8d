import type { Statement, Value } from '../engine.ts';
import { statement, telling, type Told } from './decision.ts';
import { auditIf, keepEvent } from '../sql/security-events.ts';

/** Something that a person and the audit log are told, if it happened in this transaction. */
export interface Happening {
  /** The id of the person's event. */
  readonly event: string;
  readonly subject: string;
  readonly kind: Told['kind'];
  /** What the person is told; may say what he called things. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** What the audit log is told besides the subject. */
  readonly audit?: Readonly<Record<string, unknown>>;
  readonly condition: string;
  readonly values: readonly Value[];
}

/** Keeps an event for the person and a line of the audit log. Belongs last in its batch, unless the head is held. */
export function happening(told: Happening): readonly Statement[] {
  const { event, subject, kind, fields, audit = {}, condition, values } = told;
  return [
    statement(keepEvent(condition), event, subject, kind, JSON.stringify(fields), ...values),
    ...telling(auditIf(condition), { told: { kind, fields: { subject, ...audit } }, values }),
  ];
}
