import { rememberSession, type Session } from '../session.ts';

/**
 * Remembers the session of a framework's request object: at once where it was decided at once, which saves a framework
 * a turn for nothing; otherwise the promise says when, and rejects as the decision does.
 */
export function letIn(request: object, decided: Session | Promise<Session>): Promise<void> | undefined {
  if (decided instanceof Promise) {
    return decided.then((session) => {
      rememberSession(request, session);
    });
  }
  rememberSession(request, decided);
  return undefined;
}
