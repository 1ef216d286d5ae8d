export { AuthError, type AuthErrorCode } from '@symbolon/token';
export { createGuard, type Guard } from './guard.ts';
export type { GuardStats } from './guard-stats.ts';
export { metricsText, metricsType, type MetricFamily, type MetricSample } from './metrics-text.ts';
export type { FeedState } from './ends.ts';
export type { CloseReason, Connections, WatchedConnection } from './connections.ts';
export type { GuardOptions } from './options.ts';
export { createHolderKeys } from './holder-keys.ts';
export { demandSameOrigin, readCookie } from './cookie-requests.ts';
export type { RequestView } from './request-view.ts';
export type { Requirement } from './requirement.ts';
export { sessionOf, type Session } from './session.ts';
export type { Timers } from './timers.ts';
export { challengeFor, challengeResponse, type Challenge } from './challenge.ts';
export { createReplayMemory, type ReplayMemory } from './replay.ts';
export { createNonces, type Nonces } from './nonces.ts';
export {
  postgresReplayStore,
  postgresReplayTable,
  redisReplayStore,
  type PostgresPool,
  type RedisClient,
  type ReplayStore,
} from './replay-stores.ts';
