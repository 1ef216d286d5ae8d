import { repeat, type Work } from './calculation.ts';
import { answerParent } from './child.ts';
import type { Preparation } from './contest.ts';

/** Makes ready what one contestant repeats; libraries are loaded here, so that each process has only its own. */
export type Prepare<Material> = (material: Material) => Work | Promise<Work>;

/** Runs this process as one contestant: the first question says which, every later one is a turn. */
export function compete<Material>(contestants: Readonly<Record<string, Prepare<Material>>>): void {
  let work: Work | undefined;
  answerParent(async (question: Preparation<Material> | number) => {
    if (typeof question === 'number') {
      if (work === undefined) throw new TypeError('a turn before the preparation');
      return repeat(work, question);
    }
    const prepare = contestants[question.name];
    if (prepare === undefined) throw new TypeError(`no contestant ${question.name}`);
    work = await prepare(question.material);
    return 'ready';
  });
}

/** Repeats some work over a list of inputs, another one each time. */
export function each<Input>(inputs: readonly Input[], work: (input: Input) => unknown): Work {
  return {
    run: (index) => {
      const input = inputs[index % inputs.length];
      return input === undefined ? undefined : work(input);
    },
  };
}
