import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { answerParent } from '../harness/child.ts';

/** What the process of the simulated guards is asked: to open streams; to wait for the next end on every one. */
export type FollowersQuestion =
  { readonly url: string; readonly token: string; readonly streams: number } | 'heard';

const agent = new Agent({ maxSockets: Infinity });
const streams: IncomingMessage[] = [];

answerParent(async (question: FollowersQuestion) => {
  if (question === 'heard') return await Promise.all(streams.map(nextEnd));
  for (let at = 0; at < question.streams; at++) streams.push(await open(question));
  return streams.length;
});

async function open({ url, token }: { url: string; token: string }): Promise<IncomingMessage> {
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
  const [answer] = (await once(get(url, { agent, headers }), 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`no stream: ${String(answer.statusCode)}`);
  await once(answer, 'data'); // the window
  answer.on('data', () => undefined);
  return answer;
}

/** When an end was heard, in ms since the epoch. An event of so small a feed comes in one piece. */
function nextEnd(stream: IncomingMessage): Promise<number> {
  return new Promise((resolve) => {
    const hear = (event: Buffer): void => {
      const payload = event.toString().split('.')[1] ?? '';
      const { entries } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { entries: unknown[] };
      if (entries.length === 0) return;
      stream.off('data', hear);
      resolve(performance.timeOrigin + performance.now());
    };
    stream.on('data', hear);
  });
}
