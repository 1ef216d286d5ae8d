import { giveUp, type BoundedFetch } from './bounded-fetch.ts';
import { createEventLines } from './event-lines.ts';
import { maxKeySetBytes } from './key-set-source.ts';

/** Opens the stream: `heard` is awaited for each statement, and the promise ends with the stream. */
export type OpenStream = (heard: (statement: string) => Promise<void>, signal: AbortSignal) => Promise<void>;

/** Where an issuer publishes its feed; every answer is still unverified. */
export interface FeedSource {
  /** The statement of the last minutes. */
  readonly current: () => Promise<string>;
  /** The closed page that ends at a position; it never changes. */
  readonly page: (to: number) => Promise<string>;
  /** The feed keys, from a cache or past every one. */
  readonly keys: (how: { pastCaches: boolean }) => Promise<unknown>;
  readonly stream: OpenStream | undefined;
  /** Tells the issuer what this process has applied. */
  readonly acknowledge: ((report: object) => Promise<void>) | undefined;
}

const maxStatementBytes = 1_048_576;
const longestEvent = 1_048_576;

/**
 * Makes the source of one issuer's feed.
 *
 * `identity` is a fetch that authenticates this guard as a machine client, such as `machine.fetch` of
 * `@symbolon/holder`: with it statements come by stream and are acknowledged, without it the feed is polled.
 */
export function createFeedSource(options: {
  issuer: string;
  ask: BoundedFetch;
  identity: typeof fetch | undefined;
}): FeedSource {
  const { issuer, ask, identity } = options;
  const base = `${issuer.replace(/\/+$/, '')}/revocations`;
  const statement = (url: string): Promise<string> => ask.text(url, { maxBytes: maxStatementBytes });
  return {
    current: () => statement(base),
    page: (to) => statement(`${base}/pages/${to}`),
    keys: ({ pastCaches }) => fetchKeys(ask, { url: `${base}/keys`, pastCaches }),
    stream: identity && ((heard, signal) => readStream(identity, { url: base, heard, signal })),
    acknowledge: identity && ((report) => postReport(identity, `${base}/acknowledgements`, report)),
  };
}

/** Not every cache heeds a request's `no-cache`; none has an answer for an address that was never asked for. */
function fetchKeys(
  ask: BoundedFetch,
  { url, pastCaches }: { url: string; pastCaches: boolean },
): Promise<unknown> {
  if (!pastCaches) return ask.json(url, { maxBytes: maxKeySetBytes });
  const headers = { 'cache-control': 'no-cache' };
  return ask.json(`${url}?${crypto.randomUUID()}`, { maxBytes: maxKeySetBytes, headers });
}

async function readStream(
  identity: typeof fetch,
  { url, heard, signal }: { url: string; heard: (statement: string) => Promise<void>; signal: AbortSignal },
): Promise<void> {
  const response = await identity(url, {
    headers: { accept: 'text/event-stream' },
    redirect: 'manual',
    signal,
  });
  const type = response.headers.get('content-type') ?? '';
  if (response.status !== 200 || !type.startsWith('text/event-stream') || response.body === null) {
    giveUp(response.body);
    throw new TypeError(`unexpected answer ${response.status} from ${url}, expected an event stream`);
  }
  await readEvents(response.body, { heard, signal });
}

/** Reads no faster than statements are taken in, so that an endless stream fills no memory. */
async function readEvents(
  body: ReadableStream<Uint8Array>,
  { heard, signal }: { heard: (statement: string) => Promise<void>; signal: AbortSignal },
): Promise<void> {
  const reader = body.getReader();
  const stop = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const lines = createEventLines({ maxLength: longestEvent });
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      for (const event of lines.push(decoder.decode(part.value, { stream: true }))) await heard(event);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

async function postReport(identity: typeof fetch, url: string, report: object): Promise<void> {
  const response = await identity(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(report),
    redirect: 'manual',
    signal: AbortSignal.timeout(5_000),
  });
  giveUp(response.body);
  if (response.status !== 204)
    throw new TypeError(`unexpected status ${response.status} from ${url}, expected 204`);
}
