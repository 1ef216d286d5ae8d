import type { AuthErrorCode } from '@symbolon/token';
import type { EndedCode } from './ends.ts';
import type { Session } from './session.ts';
import { createAlarm, type Timers } from './timers.ts';
import type { VerifiedEntry } from './verified-tokens.ts';

/** Why a live connection was closed. */
export type CloseReason = EndedCode | Extract<AuthErrorCode, 'feed_stale'>;

/** A live connection that the guard watches. */
export interface WatchedConnection {
  /**
   * Goes on under a newer token of the same session, got in band; an older one shortens nothing, and a
   * connection that was closed meanwhile stays closed. Throws `TypeError` for another session.
   */
  readonly renew: (session: Session) => void;
  /** Stops watching: the connection was closed by somebody else. */
  readonly release: () => void;
}

/** The live connections (WebSocket, event streams) of one guard, each under the session that opened it. */
export interface Connections {
  /**
   * Watches a connection: `close` is called once, when its session ends, its token expires without being
   * renewed, its key is revoked, or the guard refuses because it no longer hears from the issuer. Never before
   * `watch` has returned. What it throws is counted as a fault and holds up no other connection.
   *
   * @throws TypeError if the session is not one that this guard has just authenticated.
   */
  readonly watch: (session: Session, close: (reason: CloseReason) => void) => WatchedConnection;
  /** Looks at every connection again; called when something was learnt and when a token may have expired. */
  readonly review: () => void;
  readonly size: () => number;
  readonly close: () => void;
}

/** How often tokens that expire, and a feed that falls silent, are looked for, in ms. */
const reviewInterval = 1_000;

/** Makes the registry. `judge` says whether a connection may go on. */
export function createConnections(options: {
  judge: (entry: VerifiedEntry) => CloseReason | undefined;
  entryOf: (session: Session) => VerifiedEntry | undefined;
  onFault: () => void;
  timers: Timers;
}): Connections {
  const open = new Set<{ entry: VerifiedEntry; close: (reason: CloseReason) => void }>();

  const find = (session: Session): VerifiedEntry => {
    const entry = options.entryOf(session);
    if (entry === undefined) {
      throw new TypeError('unexpected session, expected one that this guard authenticated');
    }
    return entry;
  };

  const review = (): void => {
    for (const connection of open) {
      const reason = options.judge(connection.entry);
      if (reason === undefined) continue;
      open.delete(connection);
      try {
        connection.close(reason);
      } catch {
        options.onFault();
      }
    }
  };

  const reviewFromNowOn = (): void => {
    review();
    if (open.size > 0) alarm.set(reviewInterval);
  };
  const alarm = createAlarm(options.timers, reviewFromNowOn);

  return {
    watch: (session, close) => {
      const connection = { entry: find(session), close };
      if (open.size === 0) alarm.set(reviewInterval);
      open.add(connection);
      queueMicrotask(review); // the session may have ended since it was authenticated
      return {
        renew: (newer) => {
          const entry = find(newer);
          if (newer.sessionId !== session.sessionId) {
            throw new TypeError('unexpected session, expected a newer token of the same one');
          }
          if (entry.token.claims.exp > connection.entry.token.claims.exp) connection.entry = entry;
        },
        release: () => {
          open.delete(connection);
        },
      };
    },
    review,
    size: () => open.size,
    close: () => {
      open.clear();
      alarm.stop();
    },
  };
}
