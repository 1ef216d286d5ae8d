import type { Credential } from '../credentials/credential.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Lab } from './lab.ts';

/** What became of a token after its session was ended. */
export interface AfterEnd {
  /** Milliseconds from the answer of the end to the last request. */
  readonly ms: number;
  readonly last: Exchange;
  readonly isRefused: boolean;
}

const pause = 10;

/** Ends a credential's session; undefined if that was not answered well. */
export async function endSession(lab: Lab, credential: Credential): Promise<Exchange | undefined> {
  const end = await lab.send(await lab.endRequest(credential));
  return end.reply.kind === 'answer' && end.reply.status < 400 ? end : undefined;
}

/** Presents an ended token until it is refused, or patience is over. */
export async function presentEnded(lab: Lab, credential: Credential): Promise<AfterEnd> {
  const since = performance.now();
  for (;;) {
    const last = await lab.present(credential.token, { credential });
    const ms = performance.now() - since;
    const isRefused = lab.judge(last).verdict === 'refused';
    if (isRefused || ms > lab.patience.end) return { ms, last, isRefused };
    await lab.wait(pause);
  }
}
