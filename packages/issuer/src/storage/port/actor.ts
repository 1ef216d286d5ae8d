/**
 * Who decides something: a name for the audit log (`operator`, `application`), or somebody who is signed in at the
 * issuer's own pages, as long as that session stands.
 */
export type Actor = string | ActingSession;

/** A browser session in whose name something is decided. */
export interface ActingSession {
  readonly sid: string;
  /** As what: an operator must still be one when it is decided. */
  readonly as: 'person' | 'operator';
  /** What the audit log calls him. */
  readonly name: string;
}

/** What the audit log says of who decided. */
export function nameOf(by: Actor): string {
  return typeof by === 'string' ? by : by.name;
}
