import type { GuardStats } from './guard-stats.ts';
import { metricsText, type MetricFamily, type MetricSample } from './metrics-text.ts';

/** The figures of one guard as Prometheus reads them: its name and audience are labels, nothing about a session is. */
export function guardMetrics(stats: GuardStats, of: { guard: string; audience: string }): string {
  const labels = { guard: of.guard, audience: of.audience };
  const one = (value: number): readonly MetricSample[] => [{ labels, value }];
  const counter = (name: string, help: string, value: number): MetricFamily => ({
    name: `symbolon_guard_${name}_total`,
    type: 'counter',
    help,
    samples: one(value),
  });
  const gauge = (name: string, help: string, value: number): MetricFamily => ({
    name: `symbolon_guard_${name}`,
    type: 'gauge',
    help,
    samples: one(value),
  });
  const { feed } = stats;
  return metricsText([
    counter('decisions', 'Requests decided about.', stats.decisions),
    counter('accepted', 'Requests accepted.', stats.accepted),
    {
      name: 'symbolon_guard_refused_total',
      type: 'counter',
      help: 'Requests refused, by code.',
      samples: Object.entries(stats.refusedByCode).map(([code, value]) => ({
        labels: { ...labels, code },
        value,
      })),
    },
    counter('faults', 'Decisions that met a fault of the guard itself.', stats.faults),
    counter('cache_hits', 'Tokens found verified already.', stats.cacheHits),
    counter('network_calls', 'Requests that waited for the network.', stats.networkCalls),
    counter('replay_store_calls', 'Questions to the replay store.', stats.storeCalls),
    counter('key_set_fetches', 'Times the key set was asked for.', stats.keySetFetches),
    counter('key_set_failures', 'Times the key set was not got.', stats.keySetFailures),
    gauge('cached_tokens', 'Verified tokens in memory.', stats.cachedTokens),
    gauge('cached_bytes', 'Bytes of verified tokens in memory.', stats.cachedBytes),
    gauge('remembered_proofs', 'Proofs remembered against replay.', stats.rememberedProofs),
    gauge('live_connections', 'Connections that are closed when their session ends.', stats.liveConnections),
    gauge(
      'feed_position_seconds',
      "Every end up to here is known, on the issuer's clock; 0 before the first statement.",
      feed.to / 1_000_000,
    ),
    gauge('feed_lag_seconds', 'How far the clock of this guard is from that position.', feed.lag / 1000),
    gauge('feed_stale', '1 while the guard cannot know which sessions have ended.', feed.isStale ? 1 : 0),
    gauge('feed_streaming', '1 while the feed comes by stream.', feed.isStreaming ? 1 : 0),
    gauge('feed_entries', 'Ends held in memory.', feed.entries),
    gauge('feed_bytes', 'Bytes of ends in memory.', feed.bytes),
    counter('feed_failures', 'Times the feed was not got.', feed.failures),
  ]);
}
