import type { Attack } from './attack-row.ts';
import { checkAuthorised, isLoopback } from './authorisation.ts';
import { battery } from './battery.ts';
import { calibrate, type Calibration } from './run/calibration.ts';
import type { Credential } from './credentials/credential.ts';
import type { Bench } from './run/create-lab.ts';
import type { Exchange, RequestParts } from './http/exchange.ts';
import { createHttpClient, type HttpClient } from './http/http.ts';
import { startListener } from './http/listener.ts';
import { available } from './run/needs.ts';
import type { AttackOptions } from './options.ts';
import { createOwnKeys } from './keys/own-keys.ts';
import { presentToken, type Presenting } from './run/present.ts';
import { fetchPublished } from './keys/published-keys.ts';
import { count, type Report, type Result } from './report/report.ts';
import { runAttacks } from './run/schedule.ts';

const usualBudget = 15 * 60_000;
const politeRate = 20;

/**
 * Attacks a token endpoint with everything that the options allow, and reports what became of each attack.
 *
 * A target that does not answer its honest request gives a report in which all is inconclusive and `trouble` says why.
 *
 * @throws TypeError if a host was not authorised, the options fit no attack, or no honest credential can be had.
 */
export async function attack(options: AttackOptions): Promise<Report> {
  checkAuthorised(urlsOf(options), options.authorised);
  const chosen = choose(options.only);
  const http = createHttpClient(options.limits, options);
  const listener = await startListener(options.listener);
  try {
    return await run(chosen, { options, http, listener });
  } finally {
    http.close();
    listener.close();
  }
}

/**
 * The attacks that words name; without words, all. A word that is an id names that attack alone, any other those whose id
 * starts with it.
 *
 * @throws TypeError if there is none.
 */
export function choose(only: readonly string[] = []): readonly Attack[] {
  const ids = new Set(battery.map(({ id }) => id));
  const isNamed = (id: string, word: string): boolean => (ids.has(word) ? id === word : id.startsWith(word));
  const chosen = battery.filter(({ id }) => only.length === 0 || only.some((word) => isNamed(id, word)));
  if (chosen.length === 0) throw new TypeError(`no attack is called ${only.join(' or ')}`);
  return chosen;
}

interface Means {
  readonly options: AttackOptions;
  readonly http: HttpClient;
  readonly listener: Bench['listener'];
}

async function run(chosen: readonly Attack[], { options, http, listener }: Means): Promise<Report> {
  const now = options.clock ?? Date.now;
  const seed = options.seed ?? 'symbolon';
  const started = now();
  const a = await options.honest.get();
  const presenting = presentingOf({ options, http, now });
  const published = await fetchPublished(http, options);
  const learnt = await learn(a, { options, presenting });
  const texts = new Map(chosen.map((each) => [each.id, each]));
  const report = (results: readonly Result[]): Report => ({
    target: options.request.url,
    seed,
    startedAt: new Date(started).toISOString(),
    ms: now() - started,
    memory: process.resourceUsage().maxRSS * 1024,
    trouble: typeof learnt === 'string' ? learnt : undefined,
    results,
    counts: count(results),
    attacks: texts,
  });
  if (typeof learnt === 'string') return report(chosen.map((each) => untried(each, learnt)));
  const has = available({ options, published }, a);
  const bench: Bench = {
    options,
    published,
    calibration: learnt,
    listener,
    ownKey: options.ownKeys ?? createOwnKeys(seed),
    presenting,
    has: (need) => has.has(need),
    now,
  };
  const onResult = (result: Result, done: number): void =>
    options.onResult?.(result, { done, of: chosen.length });
  const budget = options.budget ?? usualBudget;
  return report(await runAttacks({ bench, attacks: chosen, seed, a, budget, onResult }));
}

/** The target's manner, or why it cannot be learnt. */
async function learn(
  a: Credential,
  { options, presenting }: { options: AttackOptions; presenting: Presenting },
): Promise<Calibration | string> {
  const honest = await presentToken(a.token, { how: { credential: a }, by: presenting });
  const anonymous = await presenting.send(options.request);
  try {
    return calibrate({ honest: honest.reply, anonymous: anonymous.reply, marker: options.marker });
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

function presentingOf({ options, http, now }: Omit<Means, 'listener'> & { now: () => number }): Presenting {
  const isNear = isLoopback(new URL(options.request.url).hostname);
  const rate = options.rate ?? (isNear ? Infinity : politeRate);
  let next = 0;
  const send = async (request: RequestParts): Promise<Exchange> => {
    // What metadata or a caller's function names may lie elsewhere.
    checkAuthorised([request.url], options.authorised);
    const wait = next - performance.now();
    next = Math.max(next, performance.now()) + 1000 / rate;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    return { request, reply: await http.send(request) };
  };
  return {
    request: options.request,
    send,
    now,
    nonce: { current: undefined },
    issuerNonce: { current: undefined },
  };
}

function untried({ id, family, title }: Attack, why: string): Result {
  return { id, family, title, verdict: 'inconclusive', why: `not tried: ${why}`, exchanges: [], ms: 0 };
}

function urlsOf({ request, issuer, jwksUri, account, tokenEndpoint }: AttackOptions): string[] {
  return [request.url, issuer, jwksUri, account, tokenEndpoint].filter((url) => url !== undefined);
}
