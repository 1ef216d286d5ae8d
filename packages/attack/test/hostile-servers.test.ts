import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { attack } from '../src/attack.ts';
import { givenCredential } from '../src/credentials/credentials.ts';
import type { Reply } from '../src/http/exchange.ts';
import { segment, signingInput } from '../src/forge.ts';
import { createHttpClient } from '../src/http/http.ts';
import type { Report } from '../src/report/report.ts';

const token = `${signingInput({ alg: 'EdDSA', typ: 'at+jwt' }, { sub: 'alice' })}.${segment(Buffer.alloc(64, 7))}`;
const limits = { timeout: 300, bytes: 100_000 };

/** What a server does with a connection once a request has come. */
type Answer = (socket: Socket) => void;

const hostile: Readonly<Record<string, { answer: Answer; kind: Reply['kind'] }>> = {
  'sends a gigabyte': {
    kind: 'oversized',
    answer: (socket) => {
      pour(socket, 1_000_000_000);
    },
  },
  'sends a body without end': {
    kind: 'oversized',
    answer: (socket) => {
      pour(socket, undefined);
    },
  },
  'never answers': { kind: 'timeout', answer: () => undefined },
  'answers one byte at a time': { kind: 'timeout', answer: drip },
  'stops in the middle of the body': {
    kind: 'broken',
    answer: (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'),
  },
  'sends what is no HTTP': { kind: 'broken', answer: (socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n') },
  'sends headers without end': { kind: 'broken', answer: endlessHeaders },
  'sends two lengths': {
    kind: 'broken',
    answer: (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc'),
  },
  'hangs up': { kind: 'broken', answer: (socket) => socket.destroy() },
};

describe('hostile servers', { concurrency: 4 }, () => {
  for (const [name, { answer, kind }] of Object.entries(hostile)) {
    for (const header of ['x-plain', 'x-odd\u0001']) {
      test(`ATTACK-20: a server that ${name} costs a bounded time (${header === 'x-plain' ? 'plain' : 'raw'})`, async () => {
        await using server = await listen(answer);
        const http = createHttpClient(limits);
        const started = performance.now();
        const reply = await http.send({ url: server.url, method: 'GET', headers: [['X-Try', header]] });
        http.close();
        ok(performance.now() - started < 3000);
        // Without a parser between, half an answer is an answer: it is judged by its status.
        if (header === 'x-plain') equal(reply.kind, kind);
      });
    }
  }

  test('ATTACK-21: a redirect is an answer, and is never followed', async () => {
    let asked = 0;
    await using server = await listen((socket) => {
      asked += 1;
      socket.end(`HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n`);
    });
    const http = createHttpClient(limits);
    const reply = await http.send({ url: server.url, method: 'GET', headers: [] });
    http.close();
    equal(reply.kind === 'answer' && reply.status, 302);
    equal(asked, 1);
  });

  for (const name of ['sends a gigabyte', 'never answers', 'sends what is no HTTP', 'hangs up'] as const) {
    test(`ATTACK-22: the battery against a server that ${name} is inconclusive, says why, and ends`, async () => {
      await using server = await listen(hostile[name]?.answer ?? (() => undefined));
      const report = await attackAt(server.url);
      match(report.trouble ?? '', /honest request is not accepted/);
      equal(report.counts.inconclusive, report.results.length);
    });

    test(`ATTACK-23: one that ${name} only when it is attacked costs a bounded time, and nothing is called refused`, async () => {
      await using server = await listen(hostile[name]?.answer ?? (() => undefined), 'honest');
      const started = performance.now();
      const report = await attackAt(server.url);
      ok(performance.now() - started < 20_000);
      equal(report.trouble, undefined);
      equal(report.counts.accepted + report.counts.refused, 0);
    });
  }

  test('ATTACK-24: a target that goes away is given up after three attacks', async () => {
    const server = await listen(() => undefined, 'honest', 12);
    const report = await attackAt(server.url);
    await server[Symbol.asyncDispose]();
    const last = report.results.at(-1);
    equal(last?.verdict, 'inconclusive');
    match(last.why, /not tried/);
    deepEqual(
      report.results.filter(({ verdict }) => verdict === 'accepted'),
      [],
    );
  });
});

function attackAt(url: string): Promise<Report> {
  return attack({
    request: { url, method: 'GET', headers: [] },
    honest: givenCredential({ token, carrier: { kind: 'bearer' } }),
    only: ['token/alg-n', 'token/signature-'],
    limits,
  });
}

interface Hostile extends AsyncDisposable {
  readonly url: string;
}

/** Answers with `answer`; if honest requests are to be answered honestly, only to all others, and after `until` requests not at all. */
async function listen(answer: Answer, to?: 'honest', until = Infinity): Promise<Hostile> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.on('data', (data) => {
      const text = data.toString('latin1');
      count += 1;
      if (count > until) return;
      if (to === undefined) answer(socket);
      else if (text.includes(`Authorization: Bearer ${token}\r\n`)) say(socket, '200 OK');
      else if (/^authorization:/im.test(text)) answer(socket);
      else say(socket, '401 Unauthorized');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
    },
  };
}

function say(socket: Socket, status: string): void {
  socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nok`);
}

function pour(socket: Socket, length: number | undefined): void {
  const framing = length === undefined ? '' : `Content-Length: ${length}\r\n`;
  socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n`);
  const chunk = Buffer.alloc(65_536, 'x');
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

function drip(socket: Socket): void {
  const text = 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n';
  let at = 0;
  const timer = setInterval(() => {
    socket.write(text[at++] ?? 'x');
  }, 20);
  socket.on('close', () => {
    clearInterval(timer);
  });
}

function endlessHeaders(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\n');
  const line = `X-Padding: ${'x'.repeat(4096)}\r\n`;
  const more = (): void => {
    while (!socket.destroyed && socket.write(line));
  };
  socket.on('drain', more);
  more();
}
