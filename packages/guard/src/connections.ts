import type { AuthErrorCode } from '@symbolon/token';
import type { Session } from './session.ts';
import type { VerifiedEntry } from './verified-tokens.ts';

/** Why a live connection was closed. */
export type CloseReason = Extract<AuthErrorCode, 'session_ended' | 'token_expired' | 'feed_stale'>;

/** A live connection that the guard watches. */
export interface WatchedConnection {
  /** Goes on under a newer token of the same session, got in band. Throws `TypeError` for another session. */
  readonly renew: (session: Session) => void;
  /** Stops watching: the connection was closed by somebody else. */
  readonly release: () => void;
}

/** The live connections (WebSocket, event streams) of one guard, each under the session that opened it. */
export interface Connections {
  /**
   * Watches a connection: `close` is called once, when its session ends, its token expires without being
   * renewed, or the guard refuses because it no longer hears from the issuer.
   *
   * @throws TypeError if the session is not one that this guard has just authenticated.
   */
  readonly watch: (session: Session, close: (reason: CloseReason) => void) => WatchedConnection;
  /** Looks at every connection again; called when something was learnt and when a token may have expired. */
  readonly review: () => void;
  readonly size: () => number;
  readonly close: () => void;
}

const longestTimer = 1_000;

/** Makes the registry. `judge` says whether a connection may go on. */
export function createConnections(options: {
  judge: (entry: VerifiedEntry) => CloseReason | undefined;
  entryOf: (session: Session) => VerifiedEntry | undefined;
}): Connections {
  const open = new Set<{ entry: VerifiedEntry; close: (reason: CloseReason) => void }>();
  let timer: ReturnType<typeof setInterval> | undefined;

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
      connection.close(reason);
    }
    if (open.size === 0) stop();
  };

  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };

  return {
    watch: (session, close) => {
      const connection = { entry: find(session), close };
      open.add(connection);
      timer ??= setInterval(review, longestTimer);
      (timer as { unref?: () => void }).unref?.();
      return {
        renew: (newer) => {
          const entry = find(newer);
          if (newer.sessionId !== session.sessionId) {
            throw new TypeError('unexpected session, expected a newer token of the same one');
          }
          connection.entry = entry;
        },
        release: () => {
          open.delete(connection);
          if (open.size === 0) stop();
        },
      };
    },
    review,
    size: () => open.size,
    close: stop,
  };
}
