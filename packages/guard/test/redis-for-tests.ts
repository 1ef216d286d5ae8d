import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A client that speaks just enough of Redis's protocol (RESP2). */
export interface RedisConnection {
  readonly sendCommand: (command: string[]) => Promise<unknown>;
  readonly close: () => void;
}

export interface RedisForTests {
  readonly connect: () => Promise<RedisConnection>;
  readonly stop: () => Promise<void>;
}

/** Starts the machine's own redis-server on a socket of its own, or gives undefined where there is none. */
export async function startRedis(): Promise<RedisForTests | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'symbolon-redis-'));
  const path = join(folder, 'socket');
  const options = ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder];
  const server = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const isThere = await new Promise<boolean>((resolve) => {
    server.once('error', () => {
      resolve(false);
    });
    server.stdout.on('data', (text: Buffer) => {
      if (text.toString().includes('ready to accept connections')) resolve(true);
    });
  });
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  if (!isThere) {
    remove();
    return undefined;
  }
  const connections: RedisConnection[] = [];
  return {
    connect: async () => {
      const connection = await connectTo(path);
      connections.push(connection);
      return connection;
    },
    stop: async () => {
      for (const connection of connections) connection.close();
      const gone = once(server, 'exit');
      server.kill();
      await gone;
      remove();
    },
  };
}

async function connectTo(path: string): Promise<RedisConnection> {
  const socket = connect(path);
  await once(socket, 'connect');
  const waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = [];
  socket.on('data', readAnswers(waiting));
  socket.on('close', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error('the connection was closed'));
  });
  return {
    sendCommand: (command) => send(socket, { command, waiting }),
    close: () => {
      socket.destroy();
    },
  };
}

function send(
  socket: Socket,
  {
    command,
    waiting,
  }: { command: string[]; waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) {
      reject(new Error('the connection is closed'));
      return;
    }
    waiting.push({ resolve, reject });
    const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
    socket.write(`*${command.length}\r\n${parts.join('')}`);
  });
}

/** Simple strings, errors, integers and the null string: all that SET and PTTL answer. */
function readAnswers(
  waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[],
): (data: Buffer) => void {
  let rest = '';
  return (data) => {
    const lines = (rest + data.toString()).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { resolve, reject } = waiting.shift() ?? {};
      if (line.startsWith('-')) reject?.(new Error(line));
      else resolve?.(line === '$-1' ? null : line.slice(1));
    }
  };
}
