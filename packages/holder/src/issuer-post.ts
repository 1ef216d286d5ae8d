import { signAssertion, signProof, type SigningKey } from '@symbolon/token';
import type { ClockOffsets } from './clock-offset.ts';
import { transient, type Transient } from './errors.ts';
import { parseRetryAfter } from './http-date.ts';
import { readJsonObject, type JsonObject } from './json-answer.ts';
import type { Nonces } from './nonces.ts';
import type { Send } from './send.ts';
import { startStopwatch, type Clocks } from './stopwatch.ts';

/** Who speaks to the issuer, and with what. */
export interface Sender {
  readonly issuer: string;
  readonly clientId: string;
  /** The client's registered key; without it the client is public and only names itself. */
  readonly clientKey: SigningKey | undefined;
  /** The key that tokens are bound to. */
  readonly holderKey: SigningKey;
  readonly send: Send;
  readonly clocks: Clocks;
  readonly offsets: ClockOffsets;
  readonly nonces: Nonces;
}

/** The parameters of a form (RFC 6749 appendix B). */
export type Form = Readonly<Record<string, string>>;

/**
 * Makes the form of one attempt. It is called after the proof was made: a holder that is frozen between the two
 * then comes back with a proof that has expired, and not with a fresh one for a pair that is long superseded.
 */
export type MakeForm = () => Form | Promise<Form>;

/** An answer of the issuer, read but not judged. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** The body, if it is one JSON object. */
  readonly body: JsonObject | undefined;
  readonly retryAfter: number | undefined;
  /** When the request left, in milliseconds on this machine's clock. */
  readonly sentAt: number;
  /** How many milliseconds ago the request left. */
  readonly age: () => number;
}

type Remedy = 'nonce' | 'clock';

const timeout = 10_000;

/**
 * Posts a form to an endpoint of the issuer, authenticated and with a proof.
 *
 * Repeats it at most twice: once with the nonce that the issuer demands (RFC 9449 section 8), once with its
 * time, where the answer shows that the clock here is wrong. Every attempt has its own assertion and proof.
 */
export async function postToIssuer(url: string, form: MakeForm, sender: Sender): Promise<Answer | Transient> {
  const remedies = new Set<Remedy>(['nonce', 'clock']);
  for (;;) {
    const attempt = await tryOnce(url, form, sender);
    if (attempt.kind !== 'attempt') return attempt;
    if (attempt.remedy === undefined || !remedies.delete(attempt.remedy)) return attempt.answer;
  }
}

interface Attempt {
  readonly kind: 'attempt';
  readonly answer: Answer;
  readonly remedy: Remedy | undefined;
}

async function tryOnce(url: string, form: MakeForm, sender: Sender): Promise<Attempt | Transient> {
  const { clocks, offsets, nonces } = sender;
  const { origin } = new URL(url);
  const used = { nonce: nonces.current(origin), offset: offsets.at(origin) };
  const request = await buildRequest(url, form, sender);
  const age = startStopwatch(clocks);
  const sentAt = clocks.wall();
  try {
    const response = await sender.send(request);
    nonces.learn(origin, response.headers);
    offsets.learn(origin, { headers: response.headers, sentAt });
    const retryAfter = parseRetryAfter(response.headers.get('retry-after'), offsets.secondsAt(origin) * 1000);
    const { status } = response;
    const body = await readJsonObject(response);
    const answer: Answer = { kind: 'answer', status, body, retryAfter, sentAt, age };
    return {
      kind: 'attempt',
      answer,
      remedy: remedyOf(answer, {
        fresh: nonces.current(origin) !== used.nonce,
        corrected: offsets.at(origin) !== used.offset,
      }),
    };
  } catch (cause) {
    return transient('issuer_unreachable', `no answer from ${url}`, { cause });
  }
}

/** Compared with what this attempt was made with: another request may have learnt the same a moment ago. */
function remedyOf(answer: Answer, learned: { fresh: boolean; corrected: boolean }): Remedy | undefined {
  if (answer.status !== 400 && answer.status !== 401) return undefined;
  if (answer.body?.['error'] === 'use_dpop_nonce') return learned.fresh ? 'nonce' : undefined;
  const timed =
    answer.body?.['error'] === 'invalid_client' || answer.body?.['error'] === 'invalid_dpop_proof';
  return timed && learned.corrected ? 'clock' : undefined;
}

async function buildRequest(url: string, form: MakeForm, sender: Sender): Promise<Request> {
  const { origin } = new URL(url);
  const now = sender.offsets.secondsAt(origin);
  const nonce = sender.nonces.current(origin);
  const request = { method: 'POST', url, now, ...(nonce === undefined ? {} : { nonce }) };
  const dpop = await signProof(request, sender.holderKey);
  return new Request(url, {
    method: 'POST',
    // A redirect is an answer we do not understand: credentials go where the metadata says and nowhere else.
    redirect: 'manual',
    signal: AbortSignal.timeout(timeout),
    headers: { accept: 'application/json', dpop },
    body: new URLSearchParams({ ...(await form()), ...(await authentication(now, sender)) }),
  });
}

/** `private_key_jwt` (RFC 7523 section 2.2) naming the holder's key, or the name of a public client. */
async function authentication(now: number, sender: Sender): Promise<Form> {
  const { clientId, issuer, clientKey, holderKey } = sender;
  if (clientKey === undefined) return { client_id: clientId };
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signAssertion({ clientId, issuer, now, thumbprint: holderKey.kid }, clientKey),
  };
}
