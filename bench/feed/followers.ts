import { createMachine, keyFromJwk } from '@symbolon/holder';
import type { PrivateJwk } from '@symbolon/token';
import { answerParent } from '../harness/child.ts';

/** What the process of the simulated guards is asked: to open streams; to listen for the next end on every one; when it was heard. */
export type FollowersQuestion =
  { readonly issuer: string; readonly key: PrivateJwk; readonly streams: number } | 'listen' | 'heard';

const streams: ReadableStreamDefaultReader<Uint8Array>[] = [];
let nextEnds: Promise<readonly number[]> = Promise.resolve([]);

answerParent(async (question: FollowersQuestion) => {
  if (question === 'heard') return await nextEnds;
  if (question === 'listen') {
    nextEnds = Promise.all(streams.map(nextEnd));
    return streams.length;
  }
  const { issuer, key } = question;
  const url = `${issuer}/revocations`;
  const machine = createMachine({ issuer, clientId: 'guards', key: await keyFromJwk(key), audience: url });
  for (let at = 0; at < question.streams; at++) {
    const answer = await machine.fetch(url, { headers: { accept: 'text/event-stream' } });
    if (answer.status !== 200 || answer.body === null) throw new Error(`no stream: ${answer.status}`);
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    await reader.read(); // the window
    streams.push(reader);
  }
  return streams.length;
});

/** When an end was heard, in ms since the epoch; whatever came before it is read too. */
async function nextEnd(stream: ReadableStreamDefaultReader<Uint8Array>): Promise<number> {
  for (;;) {
    const part = await stream.read();
    if (part.done) throw new Error('a stream ended');
    const events = new TextDecoder().decode(part.value).split('\n\n').filter(Boolean);
    if (events.some(saysAnEnd)) return performance.timeOrigin + performance.now();
  }
}

function saysAnEnd(event: string): boolean {
  const payload = Buffer.from(event.split('.')[1] ?? '', 'base64url').toString();
  return (JSON.parse(payload) as { entries: unknown[] }).entries.length > 0;
}
