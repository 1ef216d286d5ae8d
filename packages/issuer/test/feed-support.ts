import {
  readFeedKeys,
  revocationsHeader,
  signProof,
  verifyRevocations,
  type VerificationKey,
  type VerifiedRevocations,
} from '@symbolon/token';
import { askForToken, issuerUrl, tokensOf, type Lab, type TestMachine } from './support.ts';

/** Whoever follows the feed: a machine with a session token for it. */
export interface Caller {
  readonly machine: TestMachine;
  readonly token: string;
  readonly sid: string;
}

/** Gets a token for the feed, once the issuer's own guards may know proofs from before their start. */
export async function callerOf(lab: Lab, machine: TestMachine): Promise<Caller> {
  lab.clock.advance(10);
  const { access_token: token, sid } = await tokensOf(await askForToken(lab, machine));
  return { machine, token, sid };
}

export const feedAudience = `${issuerUrl}/revocations`;

/** Asks for something of the feed, with token and proof if there is a caller. */
export async function askFeed(
  lab: Lab,
  request: {
    path?: string;
    method?: string;
    caller?: Caller;
    body?: unknown;
    headers?: Record<string, string>;
  } = {},
): Promise<Response> {
  const { path = '', method = 'GET', caller, body } = request;
  const url = feedAudience + path;
  const now = lab.clock.now() / 1000;
  const credentials =
    caller === undefined
      ? {}
      : {
          authorization: `DPoP ${caller.token}`,
          dpop: await signProof({ method, url, now, token: caller.token }, caller.machine.key),
        };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return lab.issuer.fetch(
    new Request(url, {
      method,
      headers: { ...credentials, ...type, ...request.headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
}

export async function openStream(lab: Lab, caller?: Caller): Promise<Response> {
  return askFeed(lab, {
    headers: { accept: 'text/event-stream' },
    ...(caller === undefined ? {} : { caller }),
  });
}

/** The feed keys that are published, as a guard would hold them. */
export async function feedKeysOf(lab: Pick<Lab, 'issuer'>): Promise<ReadonlyMap<string, VerificationKey>> {
  const answer = await lab.issuer.fetch(new Request(`${feedAudience}/keys`));
  const keys = await readFeedKeys(await answer.json());
  return new Map(keys.map((key) => [revocationsHeader(key), key]));
}

export async function statementOf(lab: Pick<Lab, 'issuer'>, text: string): Promise<VerifiedRevocations> {
  return verifyRevocations(text, { keys: await feedKeysOf(lab), issuer: issuerUrl });
}

/** The statement that anybody gets. */
export async function currentOf(lab: Pick<Lab, 'issuer'>): Promise<VerifiedRevocations> {
  // Keys first: what is signed by a key that comes later is signed by one that stands among them as the next.
  const keys = await feedKeysOf(lab);
  const answer = await lab.issuer.fetch(new Request(feedAudience));
  return verifyRevocations(await answer.text(), { keys, issuer: issuerUrl });
}

/** Waits until the published statement reaches a position. */
export async function reaching(lab: Pick<Lab, 'issuer'>, position: number): Promise<VerifiedRevocations> {
  const until = performance.now() + 5000;
  for (;;) {
    const statement = await currentOf(lab);
    if (statement.to >= position) return statement;
    if (performance.now() > until)
      throw new Error(`the feed stands at ${String(statement.to)}, expected ${String(position)}`);
    await sleep(20);
  }
}

/** The events of a stream, one statement each. */
export async function* eventsOf(answer: Response): AsyncGenerator<string, void> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: ')) yield line.slice(6);
  }
}

export async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
