import type { BoundedFetch } from './bounded-fetch.ts';
import { maxKeySetBytes } from './key-set-source.ts';

/** Where an issuer publishes its feed; every answer is still unverified. */
export interface FeedSource {
  /** The statement of the last minutes. */
  readonly current: () => Promise<string>;
  /** The closed page that ends at a position; it never changes. */
  readonly page: (to: number) => Promise<string>;
  /** The feed keys, past every cache. */
  readonly keys: () => Promise<unknown>;
  /** Opens the stream: `heard` is called for each statement, and the promise ends with the stream. */
  readonly stream: ((heard: (statement: string) => void, signal: AbortSignal) => Promise<void>) | undefined;
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
  const base = `${issuer}/revocations`;
  const statement = (url: string): Promise<string> => ask.text(url, { maxBytes: maxStatementBytes });
  return {
    current: () => statement(base),
    page: (to) => statement(`${base}/pages/${to}`),
    keys: () =>
      ask.json(`${base}/keys`, { maxBytes: maxKeySetBytes, headers: { 'cache-control': 'no-cache' } }),
    stream: identity && ((heard, signal) => readStream(identity, { url: base, heard, signal })),
    acknowledge: identity && ((report) => postReport(identity, `${base}/acknowledgements`, report)),
  };
}

async function readStream(
  identity: typeof fetch,
  { url, heard, signal }: { url: string; heard: (statement: string) => void; signal: AbortSignal },
): Promise<void> {
  const response = await identity(url, {
    headers: { accept: 'text/event-stream' },
    redirect: 'manual',
    signal,
  });
  const type = response.headers.get('content-type') ?? '';
  if (response.status !== 200 || !type.startsWith('text/event-stream') || response.body === null) {
    await response.body?.cancel();
    throw new TypeError(`unexpected answer ${response.status} from ${url}, expected an event stream`);
  }
  await readEvents(response.body, { heard, signal });
}

/** Reads `data:` lines; each event of the feed is one line, and comments keep the connection alive. */
async function readEvents(
  body: ReadableStream<Uint8Array>,
  { heard, signal }: { heard: (statement: string) => void; signal: AbortSignal },
): Promise<void> {
  const reader = body.getReader();
  const stop = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + decoder.decode(part.value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > longestEvent) throw new TypeError('unexpected event, expected at most 1 MB');
      for (const line of lines) if (line.startsWith('data: ')) heard(line.slice(6).trimEnd());
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
  await response.body?.cancel();
  if (response.status !== 204)
    throw new TypeError(`unexpected status ${response.status} from ${url}, expected 204`);
}
