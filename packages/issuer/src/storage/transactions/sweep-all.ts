import type { Engine, Statement } from '../engine.ts';
import { sweptAtOnce } from '../sql/dialect.ts';

/** Deletes in many small transactions, between which others have their turn; answers how many rows. */
export async function sweepAll(engine: Engine, deletion: Statement): Promise<number> {
  let swept = 0;
  for (;;) {
    const [rows = []] = await engine.batch([deletion]);
    swept += rows.length;
    if (rows.length < sweptAtOnce) return swept;
  }
}
