import type { Attack } from '../attack-row.ts';
import type { Need } from './need.ts';
import { describeReply } from './calibration.ts';
import type { Credential } from '../credentials/credential.ts';
import { createLab, type Bench } from './create-lab.ts';
import { keptBody, type Exchange } from '../http/exchange.ts';
import { openJws } from '../forge.ts';
import { needTexts } from './needs.ts';
import { usualPatience } from './patience.ts';
import { presentToken } from './present.ts';
import { mostExchanges, type Result } from '../report/report.ts';
import { judgeAsStranger } from './stranger.ts';
import { inconclusive, Missing, worst, type Judgement } from './verdict.ts';

/** How a run goes. */
export interface Run {
  readonly bench: Bench;
  readonly attacks: readonly Attack[];
  readonly seed: string;
  /** The first honest credential. */
  readonly a: Credential;
  /** Milliseconds for all, and for one attack. */
  readonly budget: number;
  readonly onResult: (result: Result, done: number) => void;
}

const longestAttack = 60_000;
const worthKeeping = 30_000;
const giveUpAfter = 3;

/**
 * Tries the attacks one after the other, each between two honest requests.
 *
 * The honest request after one attack is the one before the next. An attack after which it fails is tried once more; if it
 * fails again, whatever was not accepted is inconclusive. If the target stays away for three attacks, the rest is
 * inconclusive without being tried.
 */
export async function runAttacks(run: Run): Promise<readonly Result[]> {
  const started = performance.now();
  const state = { a: run.a, failures: 0, isReady: false };
  const results: Result[] = [];
  for (const attack of run.attacks) {
    const since = performance.now();
    const outcome = await nextOutcome(attack, { run, state, spent: since - started });
    const result = resultOf(attack, outcome, performance.now() - since);
    results.push(result);
    run.onResult(result, results.length);
  }
  return results;
}

interface State {
  a: Credential;
  /** Attacks in a row without a working honest request. */
  failures: number;
  /** True if the last thing that happened was a honest request that was accepted. */
  isReady: boolean;
}

type Outcome =
  Judgement | { readonly verdict: 'skipped'; readonly why: string; readonly exchanges: readonly [] };

async function nextOutcome(
  attack: Attack,
  { run, state, spent }: { run: Run; state: State; spent: number },
): Promise<Outcome> {
  const lacking = attack.needs.filter((need) => !run.bench.has(need));
  if (lacking.length > 0) return skipped(lacking);
  if (spent > run.budget)
    return inconclusive(`not tried: the time for the whole run (${run.budget} ms) is over`);
  if (state.failures >= giveUpAfter) return inconclusive('not tried: the honest request has stopped working');
  const first = await between(attack, run, state);
  const isFinal = first.verdict === 'accepted' || state.isReady || first.verdict === 'skipped';
  return isFinal ? first : between(attack, run, state);
}

/** One attack between two honest requests. */
async function between(attack: Attack, run: Run, state: State): Promise<Outcome> {
  const before = await ready(run, state);
  if (before !== undefined) {
    state.failures += 1;
    return inconclusive(`the honest request before it failed: ${before}`);
  }
  state.failures = 0;
  const judgement = await attempt(attack, run, state);
  state.isReady = false;
  const after = await honest(run, state);
  state.isReady = run.bench.calibration.isYes(after.reply);
  if (state.isReady || judgement.verdict !== 'refused') return judgement;
  return inconclusive(
    `refused, but the honest request after it failed too: ${describeReply(after.reply)}`,
    after,
  );
}

async function attempt(attack: Attack, run: Run, state: State): Promise<Outcome> {
  const { bench, seed } = run;
  const lab = createLab(bench, { a: state.a, seed: `${seed} ${attack.id}` });
  const { promise: late, resolve } = Promise.withResolvers<Judgement>();
  const timer = setTimeout(() => {
    resolve(inconclusive(`not done within ${longestAttack} ms`));
  }, longestAttack);
  try {
    const seen = await Promise.race([attack.run(lab), late]);
    if ('verdict' in seen) return seen;
    const exchanges: readonly Exchange[] = 'request' in seen ? [seen] : seen;
    return worst(await Promise.all(exchanges.map((exchange) => judgeAsStranger(lab, exchange))));
  } catch (error) {
    if (error instanceof Missing) return { verdict: 'skipped', why: error.message, exchanges: [] };
    return inconclusive(
      `the attack itself failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Sees to it that the honest request works; undefined, or why it does not. */
async function ready(run: Run, state: State): Promise<string | undefined> {
  if (isEnding(state.a, run.bench.now())) await renew(run, state);
  if (state.isReady) return undefined;
  let last = '';
  const { again } = run.bench.options.patience ?? usualPatience;
  for (const pause of [0, ...again]) {
    if (pause > 0) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      await renew(run, state);
    }
    const { reply } = await honest(run, state);
    state.isReady = run.bench.calibration.isYes(reply);
    if (state.isReady) return undefined;
    last = describeReply(reply);
  }
  return last;
}

function honest({ bench }: Run, { a }: State): Promise<Exchange> {
  return presentToken(a.token, { how: { credential: a }, by: bench.presenting });
}

async function renew({ bench }: Run, state: State): Promise<void> {
  try {
    state.a = await bench.options.honest.get();
  } catch {
    // The old one may still do; if not, the honest request says so.
  }
}

function isEnding({ token }: Credential, now: number): boolean {
  const exp = openJws(token)?.payload['exp'];
  return typeof exp === 'number' && exp * 1000 < now + worthKeeping;
}

function skipped(lacking: readonly Need[]): Outcome {
  const why = `needs ${lacking.map((need) => needTexts[need]).join(', and ')}`;
  return { verdict: 'skipped', why, exchanges: [] };
}

function resultOf(attack: Attack, outcome: Outcome, ms: number): Result {
  const { id, family, title } = attack;
  const { verdict, why } = outcome;
  const measured = 'measured' in outcome ? { measured: outcome.measured } : {};
  const exchanges = outcome.exchanges.slice(0, mostExchanges).map(shortened);
  return { id, family, title, verdict, why, exchanges, ms: Math.round(ms), ...measured };
}

/** A million characters of header prove no more than four thousand do. */
function shortened({ request, reply }: Exchange): Exchange {
  const headers = request.headers.map(([name, value]) => [name, cut(value)] as const);
  const body = request.body === undefined ? {} : { body: cut(request.body) };
  return { request: { ...request, headers, ...body }, reply };
}

function cut(text: string): string {
  return text.length <= keptBody ? text : `${text.slice(0, keptBody)}… (${text.length} characters)`;
}
