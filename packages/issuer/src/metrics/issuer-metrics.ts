import { metricsText, type Guard, type MetricFamily, type MetricSample } from '@symbolon/guard';
import type { Feed } from '../feed/feed.ts';
import { readGuards, type RegisteredGuard } from '../feed/guards.ts';
import type { Meter } from './meter.ts';
import type { Storage } from '../storage/port/storage.ts';

/** What the figures of an issuer are read from. */
export interface MetricSources {
  readonly meter: Meter;
  readonly storage: Storage;
  readonly feed: Pick<Feed, 'isLive'>;
  /** The guards before its own interfaces: what they refuse, the issuer refuses. */
  readonly guards: { readonly sessions: Guard; readonly revocations: Guard; readonly authorizations?: Guard };
}

const micros = 1_000_000;

/**
 * The figures of this issuer process as Prometheus reads them. Labels are words of ours, audiences, and the names of
 * guards; no session, subject, client or key is named. A store that does not answer leaves its figures out.
 */
export async function issuerMetrics(sources: MetricSources): Promise<string> {
  const stored = await storeFamilies(sources.storage).catch(() => undefined);
  return metricsText([
    ...countedFamilies(sources),
    gauge('symbolon_store_up', '1 if the store has answered just now.', [
      { value: stored === undefined ? 0 : 1 },
    ]),
    ...(stored ?? []),
    ...processFamilies(),
  ]);
}

function countedFamilies({ meter, feed, guards }: MetricSources): readonly MetricFamily[] {
  const refused = Object.values(guards).flatMap((guard) => Object.entries(guard.stats().refusedByCode));
  const refusals = new Map(meter.refusals);
  for (const [code, many] of refused) refusals.set(code, (refusals.get(code) ?? 0) + many);
  return [
    counter('symbolon_refreshes_total', 'Refreshes, by outcome.', by('outcome', meter.refreshes)),
    counter(
      'symbolon_tokens_issued_total',
      'Session tokens signed, by audience.',
      by('audience', meter.tokens),
    ),
    counter('symbolon_ends_total', 'What was ended by this process.', by('what', meter.ends)),
    counter('symbolon_refusals_total', 'Requests refused, by code.', by('code', refusals)),
    counter('symbolon_faults_total', 'Faults reported.', [{ value: meter.faults() }]),
    {
      name: 'symbolon_store_seconds',
      type: 'histogram',
      help: 'How long the store took, by what was asked.',
      samples: meter.storeTimes(),
    },
    gauge(
      'symbolon_feed_live',
      '1 while the head of the store is seen to move: without that nothing is signed.',
      [{ value: feed.isLive() ? 1 : 0 }],
    ),
    gauge('symbolon_streams_open', 'Guards that follow the feed by stream.', [
      { value: guards.revocations.stats().liveConnections },
    ]),
  ];
}

async function storeFamilies(storage: Storage): Promise<readonly MetricFamily[]> {
  const { head } = await storage.readFeed({ after: Number.MAX_SAFE_INTEGER, limit: 1 });
  const now = await storage.now();
  const { heard, silent } = await readGuards(storage);
  const keys = await storage.listKeys();
  return [
    gauge('symbolon_feed_head_seconds', 'The newest position of the feed, seconds since the epoch.', [
      { value: head / micros },
    ]),
    gauge('symbolon_feed_head_age_seconds', 'How long ago, by the clock of the store, the head moved.', [
      { value: Math.max(0, now - head) / micros },
    ]),
    gauge('symbolon_guards', 'Guard processes heard of within ten minutes, and within a day but not since.', [
      { labels: { state: 'heard' }, value: heard.length },
      { labels: { state: 'silent' }, value: silent.length },
    ]),
    gauge(
      'symbolon_guard_lag_seconds',
      'How far the last report of a guard is from now: the worst of the processes of its name.',
      lags([...heard, ...silent], now),
    ),
    gauge(
      'symbolon_signing_keys',
      'Signing keys, by purpose, algorithm and state.',
      countBy(keys, ({ purpose, alg, state }) => ({ purpose, alg, state })),
    ),
  ];
}

/** Guards are told apart by name and audience; of the processes behind one name the one that knows least counts. */
function lags(guards: readonly RegisteredGuard[], now: number): readonly MetricSample[] {
  const worst = new Map<string, MetricSample>();
  for (const { name, audience, to } of guards) {
    const key = JSON.stringify([name, audience]);
    const value = Math.max(0, now - to) / micros;
    if ((worst.get(key)?.value ?? -1) < value) worst.set(key, { labels: { guard: name, audience }, value });
  }
  return [...worst.values()];
}

function countBy<T>(
  rows: readonly T[],
  labelsOf: (row: T) => Readonly<Record<string, string>>,
): readonly MetricSample[] {
  const groups = Map.groupBy(rows, (row) => JSON.stringify(labelsOf(row)));
  return [...groups.values()].flatMap((group) =>
    group.slice(0, 1).map((row) => ({ labels: labelsOf(row), value: group.length })),
  );
}

/** The names that every process of Prometheus's own clients shows. */
function processFamilies(): readonly MetricFamily[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return [
    counter('process_cpu_seconds_total', 'Processor time of this process.', [
      { value: (user + system) / micros },
    ]),
    gauge('process_resident_memory_bytes', 'Memory of this process.', [{ value: rss }]),
    gauge('nodejs_heap_size_used_bytes', 'Memory that its objects take.', [{ value: heapUsed }]),
    gauge('process_start_time_seconds', 'When this process started, seconds since the epoch.', [
      { value: Math.round(performance.timeOrigin / 1000) },
    ]),
  ];
}

function by(label: string, counts: ReadonlyMap<string, number>): readonly MetricSample[] {
  return [...counts].map(([key, value]) => ({ labels: { [label]: key }, value }));
}

function counter(name: string, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name, type: 'counter', help, samples };
}

function gauge(name: string, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name, type: 'gauge', help, samples };
}
