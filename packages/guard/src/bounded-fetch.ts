interface Limits {
  readonly maxBytes: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a guard asks its issuer: no redirect is followed, and neither time nor length is left to the other side. */
export interface BoundedFetch {
  /** The body of a 200 answer as text. */
  readonly text: (url: string, limits: Limits) => Promise<string>;
  /** The body of a 200 answer as JSON. */
  readonly json: (url: string, limits: Limits) => Promise<unknown>;
}

const timeout = 5_000;

/**
 * Makes the function with which everything of the issuer's is fetched.
 *
 * Its promises reject with what was unexpected: a status that is not 200 (redirects among them), a body that
 * is too long, no UTF-8, no JSON, or no answer within 5 s; and at once when `stopped` is aborted.
 */
export function createBoundedFetch(options: {
  fetch: typeof globalThis.fetch;
  stopped: AbortSignal;
}): BoundedFetch {
  const { fetch, stopped } = options;
  const text: BoundedFetch['text'] = (url, { maxBytes, headers = {} }) =>
    withinTime(stopped, async (signal) => {
      // 'manual' and not 'error', which workerd does not know: a redirect is then an answer that is not 200.
      const response = await fetch(url, { redirect: 'manual', headers, signal });
      if (response.status !== 200) {
        giveUp(response.body);
        throw new TypeError(`unexpected status ${response.status} from ${url}, expected 200`);
      }
      return new TextDecoder('utf-8', { fatal: true }).decode(await readBytes(response, { url, maxBytes }));
    });
  return {
    text,
    json: async (url, limits) => {
      const body = await text(url, { ...limits, headers: { accept: 'application/json', ...limits.headers } });
      try {
        return JSON.parse(body) as unknown;
      } catch (cause) {
        throw new TypeError(`unexpected answer from ${url}, expected JSON`, { cause });
      }
    },
  };
}

/** Raced with the work itself: a fetch that does not heed its signal must not hold the guard up either. */
async function withinTime<T>(stopped: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  stopped.throwIfAborted();
  const hangUp = new AbortController();
  const over = new Promise<never>((_, reject) => {
    hangUp.signal.addEventListener('abort', () => {
      reject(hangUp.signal.reason as Error);
    });
  });
  const timer = setTimeout(() => {
    hangUp.abort(new TypeError('no answer within 5 s'));
  }, timeout);
  const stop = (): void => {
    hangUp.abort(stopped.reason);
  };
  stopped.addEventListener('abort', stop);
  try {
    return await Promise.race([work(hangUp.signal), over]);
  } finally {
    clearTimeout(timer);
    stopped.removeEventListener('abort', stop);
  }
}

/** Reads a body chunk by chunk and hangs up when it grows too long. */
async function readBytes(
  response: Response,
  { url, maxBytes }: { url: string; maxBytes: number },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    length += part.value.length;
    if (length > maxBytes) {
      giveUp(reader);
      throw new TypeError(`unexpected length from ${url}, expected at most ${maxBytes / 1024} kB`);
    }
    chunks.push(part.value);
  }
  return join(chunks, length);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Ends what is not wanted of an answer; nobody waits for that, which a copy of the answer could delay for ever. */
export function giveUp(body: { cancel: () => Promise<void> } | null | undefined): void {
  body?.cancel().catch(() => undefined);
}
