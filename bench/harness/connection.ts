import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One answer, as much of it as a load process needs. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A connection that is kept alive and carries one request at a time. */
export interface Connection {
  readonly exchange: (request: string) => Promise<Answer>;
  readonly close: () => void;
}

/**
 * Opens a connection to a server on this machine.
 *
 * It reads just enough HTTP (a length, or chunks) to know where an answer ends: whoever makes the load must
 * cost less than whoever bears it.
 */
export async function openConnection(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.setEncoding('latin1');
  let received = '';
  let settle: ((answer: Answer | Error) => void) | undefined;
  socket.on('data', (text: string) => {
    received += text;
    const answer = readAnswer(received);
    if (answer === undefined) return;
    received = '';
    settle?.(answer);
  });
  socket.on('close', () => settle?.(new Error('a server closed a connection')));
  socket.on('error', (error) => settle?.(error));
  const exchange = (request: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      settle = (answer) => {
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      };
      socket.write(request, 'latin1');
    });
  return {
    exchange,
    close: () => {
      closeQuietly(socket);
    },
  };
}

function closeQuietly(socket: Socket): void {
  socket.removeAllListeners('close');
  socket.destroy();
}

function readAnswer(received: string): Answer | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = received.slice(0, end);
  const rest = received.slice(end + 4);
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
  const body = length === undefined ? readChunks(rest) : readLength(rest, Number(length));
  return body === undefined ? undefined : { status: Number(head.slice(9, 12)), body };
}

function readLength(rest: string, length: number): string | undefined {
  return rest.length < length ? undefined : rest.slice(0, length);
}

function readChunks(rest: string): string | undefined {
  if (!rest.endsWith('0\r\n\r\n')) return undefined;
  return rest.replace(/([0-9a-f]+)\r\n/gi, '').replaceAll('\r\n', '');
}
