import { answerParent } from './child.ts';

/**
 * Runs this process as a server of a contest: started by the first question, asked for its CPU time, in
 * microseconds, by every later one.
 *
 * `start` listens on a free port of the loopback interface and says what the load process must know.
 */
export function serveBench(start: (material: never) => unknown): void {
  answerParent((question: { material: never } | 'cpu') => {
    if (question !== 'cpu') return start(question.material);
    const { user, system } = process.cpuUsage();
    return user + system;
  });
}
