/** The issuer of these tests; nothing answers under this name but by the road the test lays. */
export const issuerUrl = 'https://issuer.example';
export const api = 'https://api.example';
/** The public client whose holders refresh. */
export const people = 'web';
/** The client whose sessions are bearers: what a guard is asked with. */
export const things = 'things';

/** What a process is started with. */
export interface ReplicaSettings {
  /** A file of SQLite, or the URL of a database. */
  readonly store: string;
  readonly keyFile: string;
  /** How far its own clock is off, in ms. */
  readonly clockOffset?: number;
  /** Obeys `fillDisk` and `freeDisk`: SQLite is then told how many pages it has. */
  readonly limitsPages?: boolean;
}

/** What a test tells a running process. */
export type Order =
  | { readonly kind: 'start'; readonly sessions: readonly { subject: string; jkt?: string }[] }
  | { readonly kind: 'end'; readonly sid: string }
  | { readonly kind: 'register' | 'fillDisk' | 'freeDisk' | 'stop' };
