import type { ReplayStore } from './replay-stores.ts';
import { platformTimers, type Timers } from './timers.ts';

/** What a guard is made from. */
export interface GuardOptions {
  /** The identifier of the issuer, exactly as it stands in `iss`: https, or http on loopback. */
  readonly issuer: string;
  /** The one audience this server is, exactly as it stands in `aud`: a URL. */
  readonly audience: string;
  /**
   * The base URL under which the public reaches this server: an origin, perhaps with a path. Proofs are
   * compared with it and the path of the request, never with `Host` or a forwarded header. Default: `audience`.
   */
  readonly publicUrl?: string;
  /** Where the key set is. Default: what the issuer's metadata (RFC 8414) says. */
  readonly jwksUri?: string;
  /**
   * What to do while this guard cannot know which sessions have ended: `accept` serves on and accepts what has
   * not expired, `refuse` answers 503 and closes live connections. There is no default: it is the installer's choice.
   */
  readonly staleFeed: 'accept' | 'refuse';
  /** After how many seconds without a newer statement the feed is stale. Default 30. */
  readonly maxStale?: number;
  /**
   * A fetch that authenticates this guard as a machine client for the audience `<issuer>/revocations`, such as
   * `machine.fetch` of `@symbolon/holder`: the feed then comes by stream and is acknowledged. Default: polled.
   */
  readonly identity?: typeof fetch;
  /** What operators call this guard process, at most 120 characters. Default: the audience. */
  readonly name?: string;
  /** Takes bearer tokens too, which anyone can use who sees one. Without it they are refused. */
  readonly bearer?: 'accept';
  /**
   * The name of the cookie in which a token that is bound to a cookie comes, such as `__Host-session`. Requests with it
   * that change something, and WebSocket upgrades, must come from the origin of `publicUrl`. Default: no cookie is read.
   */
  readonly cookie?: string;
  /** Demands a DPoP nonce (RFC 9449 section 9) of every proof; `key`, at least 32 bytes, is shared by the guards of an audience. */
  readonly nonces?: { readonly key: Uint8Array };
  /** How many proofs a second one session may send for long. Default 500. */
  readonly proofRate?: number;
  /** Where all processes remember the proofs of routes that demand `once`. */
  readonly replayStore?: ReplayStore;
  /** The bound of the verified-token cache, in bytes. Default 16 MiB. */
  readonly cacheBytes?: number;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
  /** The time of all that runs in the background, for tests that give a `clock`. Default: the platform's timers. */
  readonly timers?: Timers;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
}

/** Options that were checked, with their defaults. */
export interface GuardSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly publicUrl: string;
  readonly jwksUri: string | undefined;
  readonly bearer: boolean;
  readonly cookie: string | undefined;
  readonly staleFeed: 'accept' | 'refuse';
  /** In milliseconds. */
  readonly maxStale: number;
  readonly identity: typeof fetch | undefined;
  readonly name: string;
  readonly nonceKey: Uint8Array | undefined;
  readonly proofRate: number;
  readonly replayStore: ReplayStore | undefined;
  readonly cacheBytes: number;
  readonly clock: () => number;
  readonly timers: Timers;
  readonly fetch: typeof fetch;
}

const known: readonly string[] = [
  ...['issuer', 'audience', 'publicUrl', 'jwksUri', 'bearer', 'cookie', 'nonces'],
  ...['proofRate', 'replayStore', 'cacheBytes', 'clock', 'timers', 'fetch'],
  ...['staleFeed', 'maxStale', 'identity', 'name'],
];
const defaultProofRate = 500;
const defaultMaxStale = 30;
const longestName = 120;
const defaultCacheBytes = 16 * 1024 * 1024;

/**
 * Checks the options of a guard.
 *
 * @throws TypeError that says what is wrong and what to write instead.
 */
export function readOptions(options: GuardOptions): GuardSettings {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`unexpected option "${unknown}", expected ${known.join(', ')}`);
  if (![undefined, 'accept'].includes(options.bearer))
    throw new TypeError(`unexpected bearer, expected 'accept' or nothing`);
  if (!['accept', 'refuse'].includes(options.staleFeed))
    throw new TypeError(
      `unexpected staleFeed, expected 'accept' or 'refuse': say what to do while the issuer cannot be heard`,
    );
  const audience = readAudience(options.audience);
  return {
    issuer: readPublicUrl(options.issuer, 'issuer'),
    audience,
    publicUrl: readPublicUrl(options.publicUrl ?? audience, 'publicUrl').replace(/\/+$/, ''),
    jwksUri: options.jwksUri === undefined ? undefined : readPublicUrl(options.jwksUri, 'jwksUri'),
    bearer: options.bearer === 'accept',
    cookie: options.cookie === undefined ? undefined : readCookieName(options.cookie),
    staleFeed: options.staleFeed,
    maxStale: readPositive(options.maxStale ?? defaultMaxStale, 'maxStale') * 1000,
    identity: readIdentity(options.identity),
    name: readName(options.name ?? audience.slice(0, longestName)),
    nonceKey: options.nonces && readNonceKey(options.nonces),
    proofRate: readPositive(options.proofRate ?? defaultProofRate, 'proofRate'),
    replayStore: options.replayStore,
    cacheBytes: readPositive(options.cacheBytes ?? defaultCacheBytes, 'cacheBytes'),
    clock: options.clock ?? Date.now,
    timers: options.timers ?? platformTimers,
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
  };
}

/**
 * Checks a URL that must be spoken in private: https, or http on loopback; without user, query and fragment.
 *
 * @throws TypeError that names `what`.
 */
export function readPublicUrl(value: unknown, what: string): string {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  const isPrivate = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  const isPlain = url?.username === '' && url.password === '' && !/[?#\s]/.test(String(value));
  if (typeof value === 'string' && isPrivate && isPlain) return value;
  throw new TypeError(
    `unexpected ${what}, expected a URL like 'https://example.com' (http only on loopback) without user, query or fragment`,
  );
}

/** A token of RFC 9110 section 5.6.2, as RFC 6265 section 4.1.1 has it. */
function readCookieName(name: unknown): string {
  if (typeof name === 'string' && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/.test(name)) return name;
  throw new TypeError(`unexpected cookie, expected a cookie's name such as '__Host-session'`);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function readAudience(audience: unknown): string {
  if (typeof audience === 'string' && URL.canParse(audience) && !/[#\s]/.test(audience)) return audience;
  throw new TypeError(
    `unexpected audience, expected the one URL that stands in "aud", like 'https://api.example.com'`,
  );
}

function readNonceKey({ key }: { key: unknown }): Uint8Array {
  if (key instanceof Uint8Array && key.length >= 32) return key;
  throw new TypeError('unexpected nonces.key, expected at least 32 random bytes shared by the guards');
}

function readIdentity(identity: typeof fetch | undefined): typeof fetch | undefined {
  if (identity === undefined || typeof identity === 'function') return identity;
  throw new TypeError('unexpected identity, expected a fetch that authenticates, such as machine.fetch');
}

function readName(name: unknown): string {
  if (typeof name === 'string' && name !== '' && name.length <= longestName) return name;
  throw new TypeError(`unexpected name, expected 1 to ${longestName} characters`);
}

function readPositive(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new TypeError(`unexpected ${what}, expected a whole number above 0`);
}
