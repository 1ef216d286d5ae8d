import type { RevocationKind } from './rows.ts';

/** What the feed says, and who has heard it. */
export interface FeedStorage {
  /** Everything the feed says above a position, read so that nothing at or below `head` is missing. */
  readFeed(reading: { after: number; limit: number }): Promise<FeedReading>;
  /** Moves the head by a committed write, unless somebody did within the last 0.9 s. */
  beat(): Promise<void>;
  /** Closes pages while more than 10,000 entries are open, and of what is older than ten minutes once any is older than 15. */
  closePages(): Promise<void>;
  /** The closed page that ends at a position. */
  readPage(to: number): Promise<FeedPage | null>;
  /**
   * Says how long tokens (µs, at most an hour) may live from now on, so that entries are kept for as long as what they
   * end. It counts for three hours: say it before the first token is made, and at least every hour.
   */
  settleTokenLife(life: number): Promise<void>;
  /** Keeps what a guard process says it has applied. */
  acknowledge(acknowledgement: Acknowledgement): Promise<void>;
  /** The guard processes heard of within a day, by when they were last heard. */
  listGuards(): Promise<readonly GuardRow[]>;
}

/** One entry of the feed as the store keeps it. */
export interface FeedEntry {
  readonly position: number;
  readonly kind: RevocationKind;
  /** What is ended: a `sid`, a subject's handle, a client's id, a `kid`; `''` for everything. Never leaves the issuer. */
  readonly value: string;
  /** Of a cut: what started at or before it is over. Of a final entry: 0. */
  readonly cutAt: number;
  readonly until: number;
}

export interface FeedReading {
  /** Every entry at or below it is known, and none will ever be added there. */
  readonly head: number;
  /** Every entry at or below it has run its time, or (a key's) was said again above it. Never above `head`; never sinks. */
  readonly floor: number;
  /** Where the last closed page ends; 0 before the first. */
  readonly pageEnd: number;
  /** The position at which a client was changed last; 0 before the first. What was read of one before may be stale. */
  readonly clientsAt: number;
  /**
   * Above `after`, in order; if there were more than `limit`, the first ones, of whole positions, and `head` is the last
   * one's position.
   */
  readonly entries: readonly FeedEntry[];
}

/** All entries with `from` < position ≤ `to` that are still kept; `from` is where the page before it ends. */
export interface FeedPage {
  readonly from: number;
  readonly to: number;
  readonly floor: number;
  readonly entries: readonly FeedEntry[];
}

export interface Acknowledgement {
  /** Drawn by the guard process when it started. */
  readonly instance: string;
  readonly clientId: string;
  /** What its installer calls it. */
  readonly name: string;
  readonly audience: string;
  /** Every entry at or below it is applied. */
  readonly to: number;
  readonly keys: readonly string[];
}

export interface GuardRow extends Acknowledgement {
  readonly seenAt: number;
}
