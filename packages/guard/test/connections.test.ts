import type { CloseReason, GuardOptions, Session } from '@symbolon/guard';
import { viewOfNode } from '@symbolon/guard/node';
import { deepEqual, equal, throws } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { fakeTimers, type FakeTimers } from './fake-timers.ts';
import { createScene, newKey, randomId, refuses, settled, until, view, type Scene } from './support.ts';

const codes: Record<CloseReason, number> = {
  session_ended: 4401,
  token_expired: 4408,
  token_key_unknown: 4409,
  feed_stale: 1013,
};

interface LiveScene extends Scene {
  /** Opens a WebSocket under a token, with a proof for its address. */
  readonly socket: (token: string) => Promise<WebSocket>;
  /** Opens an event stream of node:http. */
  readonly stream: (token: string) => Promise<IncomingMessage>;
  readonly stop: () => void;
}

/** A server as the guide shows it: every connection is watched, and renewed by a message with a token and a proof. */
async function createLiveScene(
  options: Partial<GuardOptions> & { timers?: FakeTimers } = {},
): Promise<LiveScene> {
  const scene = await createScene({ staleFeed: 'refuse', publicUrl: 'https://live.example', ...options });
  const { guard, holder } = scene;
  // the scene's clock has moved on
  await (options.timers?.passUntil ?? until)(() => guard.stats().feed.to >= scene.clock() * 1000);
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    guard.authenticate(viewOfNode(request)).then(
      (session) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
        const watched = guard.connections.watch(session, () => response.end());
        response.on('close', watched.release);
      },
      (error: unknown) => {
        const { status, headers, body } = guard.challenge(error);
        response.writeHead(status, headers).end(body);
      },
    );
  });
  server.on('upgrade', (request, socket, head) => {
    guard.authenticate(viewOfNode(request)).then(
      (session) => {
        sockets.handleUpgrade(request, socket, head, (connection) => {
          serve(connection, session, request.url ?? '');
        });
      },
      () => {
        socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
      },
    );
  });
  const serve = (connection: import('ws').WebSocket, session: Session, url: string): void => {
    const watched = guard.connections.watch(session, (reason) => {
      connection.close(codes[reason], reason);
    });
    connection.on('close', watched.release);
    connection.on('message', (data: Buffer) => {
      const { token, proof } = JSON.parse(data.toString()) as { token: string; proof: string };
      const renewal = view({ authorization: `DPoP ${token}`, dpop: proof }, { url });
      guard.authenticate(renewal).then(
        (newer) => {
          try {
            watched.renew(newer);
            connection.send('renewed');
          } catch {
            connection.send('another session');
          }
        },
        () => {
          connection.send('refused');
        },
      );
    });
  };
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const headersFor = (token: string) => holder.headers({ token, url: 'https://live.example/live' });
  return {
    ...scene,
    socket: async (token) => {
      const socket = new WebSocket(`ws://localhost:${port}/live`, { headers: await headersFor(token) });
      await once(socket, 'open');
      return socket;
    },
    stream: async (token) => {
      const headers = await headersFor(token);
      const response = await new Promise<IncomingMessage>((resolve) =>
        get(`http://localhost:${port}/live`, { headers }, resolve),
      );
      response.resume();
      return response;
    },
    stop: () => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      server.close();
      guard.close();
    },
  };
}

async function closingOf(socket: WebSocket): Promise<[number, string]> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return [code, reason.toString()];
}

describe('live connections', { concurrency: true }, () => {
  test('GUARD-50: WebSockets and event streams are closed when their session ends, and no others are', async () => {
    const { holder, issuer, guard, socket, stream, stop } = await createLiveScene();
    const sid = randomId();
    const one = await socket(await holder.token({ sid }));
    const two = await stream(await holder.token({ sid }));
    const other = await socket(await holder.token());
    const otherStream = await stream(await holder.token());
    equal(guard.stats().liveConnections, 4);
    const closed = [closingOf(one), once(two, 'end')];
    await issuer.feed.end('session', sid);
    deepEqual((await Promise.all(closed))[0], [4401, 'session_ended']);
    equal(other.readyState, WebSocket.OPEN);
    equal(otherStream.readableEnded, false);
    equal(guard.stats().liveConnections, 2);
    other.terminate();
    otherStream.destroy();
    await until(() => guard.stats().liveConnections === 0);
    stop();
  });

  test('GUARD-50: a revoked key and a cut close what they refuse', async () => {
    const { holder, issuer, guard, socket, stop } = await createLiveScene();
    issuer.keys = [...issuer.keys, await newKey()];
    const [old] = issuer.keys;
    const sh = randomId();
    const cut = await socket(await holder.token({ sh }));
    const byOld = await socket(await holder.token());
    const cutClosed = closingOf(cut);
    await issuer.feed.end('subject', sh);
    deepEqual(await cutClosed, [4401, 'session_ended']);
    const keyClosed = closingOf(byOld);
    await issuer.feed.end('key', old?.kid ?? '');
    deepEqual(await keyClosed, [4409, 'token_key_unknown']);
    equal(guard.stats().liveConnections, 0);
    stop();
  });

  test('GUARD-51: a connection is closed when its token expires, unless it was renewed in band', async () => {
    const { clock, holder, socket, guard, issuer, stop } = await createLiveScene({ staleFeed: 'accept' });
    const sid = randomId();
    const now = Math.floor(clock() / 1000);
    const token = () => holder.token({ sid, exp: now + 60 });
    const [renewed, left] = [await socket(await token()), await socket(await token())];
    const longer = await holder.token({ sid, exp: now + 900 });
    const renewal = async (of: string): Promise<string> => {
      renewed.send(
        JSON.stringify({
          token: of,
          proof: await holder.proof({ token: of, url: 'https://live.example/live' }),
        }),
      );
      const [data] = (await once(renewed, 'message')) as [Buffer];
      return data.toString();
    };
    equal(await renewal(await issuer.token({ sid, cnf: { jkt: (await newKey()).kid } })), 'refused');
    equal(await renewal(await holder.token()), 'another session');
    equal(await renewal(longer), 'renewed');
    equal(await renewal(await holder.token({ sid, exp: now + 30 })), 'renewed'); // shortens nothing
    const closing = closingOf(left);
    clock.advance(61_000);
    deepEqual(await closing, [4408, 'token_expired']);
    equal(renewed.readyState, WebSocket.OPEN);
    equal(guard.stats().liveConnections, 1);
    const over = closingOf(renewed);
    await issuer.feed.end('session', sid);
    deepEqual(await over, [4401, 'session_ended']); // the renewed one is still of its session
    stop();
  });

  test('GUARD-52: under refuse a stale feed closes live connections, under accept it does not', async () => {
    for (const staleFeed of ['refuse', 'accept'] as const) {
      const timers = fakeTimers();
      const { clock, holder, issuer, socket, stop } = await createLiveScene({ staleFeed, timers });
      const live = await socket(await holder.token());
      issuer.feed.answer = () => new Response('', { status: 503 });
      const closing = closingOf(live);
      await timers.pass(5_000); // it is looked at again and again
      equal(live.readyState, WebSocket.OPEN);
      clock.advance(31_000);
      await timers.pass(1500);
      if (staleFeed === 'refuse') deepEqual(await closing, [1013, 'feed_stale']);
      else equal(live.readyState, WebSocket.OPEN);
      stop();
    }
  });

  test('GUARD-53: a connection whose session ended before it was watched is closed at once, after watch returns', async () => {
    const { guard, issuer, honest, holder } = await createScene({ staleFeed: 'accept' });
    const sid = randomId();
    const session = await honest(await holder.token({ sid }));
    await issuer.feed.end('session', sid);
    await until(() => guard.stats().feed.to >= issuer.feed.head);
    const reasons: string[] = [];
    guard.connections.watch(session, (reason) => reasons.push(reason));
    deepEqual(reasons, []);
    await Promise.resolve();
    deepEqual(reasons, ['session_ended']);
    equal(guard.connections.size(), 0);
  });

  test('GUARD-53: a close that throws holds up no other, is counted as a fault, and is called once', async () => {
    const { guard, issuer, honest, holder } = await createScene({ staleFeed: 'accept' });
    const sid = randomId();
    const session = await honest(await holder.token({ sid }));
    let closed = 0;
    for (let n = 0; n < 3; n++)
      guard.connections.watch(session, () => {
        closed++;
        throw new Error('the socket is gone');
      });
    await issuer.feed.end('session', sid);
    await until(() => closed > 0);
    await settled();
    equal(closed, 3);
    equal(guard.stats().faults, 3);
    equal(guard.stats().feed.failures, 0);
    await refuses(honest(await holder.token({ sid })), 'session_ended');
    equal(closed, 3);
  });

  test('GUARD-53: only a session that this guard authenticated can be watched or renewed', async () => {
    const { guard, another, honest, holder } = await createScene();
    const session = await honest(await holder.token());
    const stranger = await another();
    throws(() => stranger.connections.watch(session, () => undefined), TypeError);
    throws(() => guard.connections.watch({ ...session }, () => undefined), TypeError);
    const watched = guard.connections.watch(session, () => undefined);
    throws(() => {
      watched.renew({ ...session });
    }, TypeError);
    watched.release();
    watched.release();
    equal(guard.connections.size(), 0);
  });
});
