import { answerParent } from './child.ts';
import type { LoadCount, LoadPreparation, LoadTurn } from './http-contest.ts';

/** How one contender is asked. */
export interface Load {
  /** Makes, before a turn and outside its time, what can be used only once. */
  readonly make?: (milliseconds: number) => Promise<void>;
  readonly pour: (milliseconds: number) => Promise<LoadCount>;
}

/** Runs this process as the load of a contest: prepared by the first question, then two questions a turn. */
export function loadBench(
  prepare: (
    material: never,
    servers: Readonly<Record<string, never>>,
  ) => Promise<Readonly<Record<string, Load>>>,
): void {
  let loads: Readonly<Record<string, Load>> = {};
  answerParent(async (question: LoadPreparation | { make: LoadTurn } | { pour: LoadTurn }) => {
    if ('make' in question) return await loads[question.make.name]?.make?.(question.make.milliseconds);
    if ('pour' in question) return await loads[question.pour.name]?.pour(question.pour.milliseconds);
    // Both ends are ours: the servers of a bench say what its load process takes.
    loads = await prepare(question.material as never, question.servers as Record<string, never>);
    return Object.keys(loads);
  });
}
