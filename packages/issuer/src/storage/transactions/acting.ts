import { AuthError } from '@symbolon/token';
import type { Actor } from '../port/actor.ts';
import { UniqueViolation, type Engine, type Row, type Statement } from '../engine.ts';
import { statement } from './decision.ts';
import { demandActing } from '../sql/acting.ts';
import { holdHead, moveHead } from '../sql/head.ts';

/**
 * Runs a decision as one transaction, of which nothing is kept unless the session of whoever makes it still stands.
 *
 * A batch that begins by holding the head is decided before or after the end of that session, and never beside it. One
 * that takes rows of sessions first cannot wait for the head: there the session stood when the batch began.
 *
 * @throws AuthError `session_ended`: the one refusal that is thrown here, so that no answer needs to name it, and no
 * caller can overlook it.
 */
export async function decideAs(
  engine: Engine,
  by: Actor,
  { statements }: { statements: readonly Statement[] },
): Promise<readonly (readonly Row[])[]> {
  if (typeof by === 'string') return engine.batch(statements);
  const first = statements[0]?.sql;
  const place = first === holdHead || first === moveHead ? 1 : 0;
  try {
    const results = await engine.batch(
      statements.toSpliced(place, 0, statement(demandActing, by.sid, by.as)),
    );
    return results.toSpliced(place, 1);
  } catch (error) {
    if (error instanceof UniqueViolation && error.table === 'head') throw new AuthError('session_ended');
    throw error;
  }
}
