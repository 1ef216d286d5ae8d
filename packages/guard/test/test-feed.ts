import {
  keySetHash,
  publishedJwk,
  revocationName,
  signRevocations,
  type Revocation,
  type RevocationKind,
  type RevocationStatement,
  type SigningKey,
} from '@symbolon/token';

interface Ended {
  readonly position: number;
  readonly entry: Revocation;
}

/** The feed of a test issuer: it really signs, and says what the test lets it say. */
export interface TestFeed {
  /** The published feed keys; the first signs. */
  keys: readonly SigningKey[];
  /** The last position, in µs. */
  head: number;
  floor: number;
  /** What is answered in place of the real answer; undefined: the real one. */
  answer:
    ((path: string, init: RequestInit) => Promise<Response | undefined> | Response | undefined) | undefined;
  readonly acknowledgements: {
    instance: string;
    name: string;
    audience: string;
    to: number;
    keys: string[];
  }[];
  /** Every path that was asked for below /revocations, in order. */
  readonly asked: string[];
  /** Ends something at the next position, which it answers. Nobody hears of it before the next statement. */
  readonly end: (
    kind: RevocationKind,
    value: string,
    said?: { cutAt?: number; until?: number },
  ) => Promise<number>;
  /** Moves the head to the clock. */
  readonly beat: () => void;
  /** Closes a page that ends at the head. */
  readonly closePage: () => void;
  /** Signs a statement about a stretch, by default about everything since the last closed page. */
  readonly statement: (about?: Partial<RevocationStatement>, key?: SigningKey) => Promise<string>;
  /** Moves the head and says on every open stream what came since the last time. */
  readonly say: () => Promise<void>;
  /** Says a text on every open stream. */
  readonly sayText: (text: string) => void;
  readonly streams: () => number;
  readonly hangUp: () => void;
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
}

export function createTestFeed(issuer: {
  url: string;
  clock: () => number;
  key: SigningKey;
  kids: () => readonly string[];
}): TestFeed {
  const ended: Ended[] = [];
  const ends: number[] = []; // of closed pages
  const streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  let said = 0;

  const feed: TestFeed = {
    keys: [issuer.key],
    head: 0,
    floor: 0,
    answer: undefined,
    acknowledgements: [],
    asked: [],
    end: async (kind, value, { cutAt, until } = {}) => {
      move();
      const isCut = kind === 'subject' || kind === 'client' || kind === 'everything';
      const name = await revocationName(issuer.url, { kind, value });
      const entry = {
        kind,
        name,
        cutAt: cutAt ?? (isCut ? feed.head : 0),
        until: until ?? Math.ceil(feed.head / 1e6) + 3900,
      };
      ended.push({ position: feed.head, entry });
      return feed.head;
    },
    beat: () => {
      move();
    },
    closePage: () => {
      ends.push(feed.head);
    },
    statement: async (about = {}, key = feed.keys[0]) => {
      if (key === undefined) throw new TypeError('expected a feed key');
      const { from = ends.at(-1) ?? 0, to = feed.head } = about;
      const entries = ended
        .filter(({ position }) => from < position && position <= to)
        .map(({ entry }) => entry);
      const keys = await keySetHash(issuer.kids());
      return signRevocations({ iss: issuer.url, from, to, floor: feed.floor, keys, entries, ...about }, key);
    },
    say: async () => {
      move();
      const text = await feed.statement({ from: said, to: feed.head });
      said = feed.head;
      feed.sayText(text);
    },
    sayText: (text) => {
      for (const stream of streams) stream.enqueue(event(text));
    },
    streams: () => streams.size,
    hangUp: () => {
      for (const stream of streams) stream.close();
      streams.clear();
    },
    fetch: async (path, init) => {
      feed.asked.push(path);
      const instead = await feed.answer?.(path, init);
      if (instead !== undefined) return instead;
      const page = /^\/pages\/(\d+)$/.exec(path)?.[1];
      if (page !== undefined) return closedPage(Number(page));
      if (path.startsWith('/keys'))
        return Response.json({ keys: feed.keys.map((key) => publishedJwk(key, 'feed')) });
      if (path === '/acknowledgements') {
        if (typeof init.body !== 'string') throw new TypeError('expected a text');
        feed.acknowledgements.push(JSON.parse(init.body) as TestFeed['acknowledgements'][number]);
        return new Response(null, { status: 204 });
      }
      if (path !== '') return new Response('', { status: 404 });
      move();
      if (new Headers(init.headers).get('accept') === 'text/event-stream') return openStream(init.signal);
      return new Response(await feed.statement());
    },
  };

  /** As the store's head: one further, or the clock. */
  function move(): void {
    feed.head = Math.max(feed.head + 1, issuer.clock() * 1000);
  }

  async function closedPage(to: number): Promise<Response> {
    const at = ends.indexOf(to);
    if (at === -1) return new Response('', { status: 404 });
    return new Response(await feed.statement({ from: ends[at - 1] ?? 0, to }));
  }

  async function openStream(signal: AbortSignal | null | undefined): Promise<Response> {
    said = feed.head;
    const first = event(await feed.statement());
    let own: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        streams.add(controller);
        controller.enqueue(first);
      },
      cancel: () => {
        if (own) streams.delete(own);
      },
    });
    signal?.addEventListener('abort', () => own && streams.delete(own));
    return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
  }

  return feed;
}

export function event(text: string): Uint8Array {
  return new TextEncoder().encode(`data: ${text}\n\n`);
}
