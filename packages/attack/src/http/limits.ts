/** What one request may cost. */
export interface Limits {
  /** Milliseconds from connecting to the last byte. */
  readonly timeout: number;
  /** Bytes of a body. */
  readonly bytes: number;
}

/** The limits that hold unless others are given: 5 seconds and 1 MB. */
export const defaultLimits: Limits = { timeout: 5000, bytes: 1_000_000 };
