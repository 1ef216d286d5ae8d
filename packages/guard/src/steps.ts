/**
 * Work in steps: each promise that it yields is waited for. Where it yields none it is done at once, which `async`
 * cannot say: there even a value in hand comes a turn of the event loop's queue later.
 */
export type Steps<T> = Generator<Promise<void>, T, void>;

/** Waits for a promise within steps: `yield*` stands where `await` would, and gives or throws what it settles to. */
export function* waitFor<T>(work: Promise<T>): Steps<T> {
  let outcome: (() => T) | undefined;
  yield work.then(
    (value) => {
      outcome = () => value;
    },
    (error: unknown) => {
      outcome = () => {
        throw error;
      };
    },
  );
  if (outcome === undefined) throw new TypeError('unexpected step, expected one whose promise has settled');
  return outcome();
}

/** Takes the steps: gives or throws the result at once where none of them waits, else a promise of it. */
export function takeSteps<T>(steps: Steps<T>): T | Promise<T> {
  const first = steps.next();
  return first.done === true ? first.value : takeRest(steps, first.value);
}

async function takeRest<T>(steps: Steps<T>, waiting: Promise<void>): Promise<T> {
  await waiting;
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    await step.value;
  }
}
