import { replyHeader, type Exchange, type Reply } from '../http/exchange.ts';
import { accepted, inconclusive, refused, type Judgement } from './verdict.ts';

/** How this target says yes and no, learnt from honest requests and from requests without a credential. */
export interface Calibration {
  /** True of an answer like the honest one. */
  readonly isYes: (reply: Reply) => boolean;
  /** True of an answer that refuses. */
  readonly isNo: (reply: Reply) => boolean;
}

/** The answers from which a target's manner is learnt. */
export interface Samples {
  readonly honest: Reply;
  readonly anonymous: Reply;
  /** Text that only a page for a signed-in user has, for targets that answer 200 to everybody. */
  readonly marker?: string | undefined;
}

/**
 * Learns how a target says yes and no.
 *
 * A 2xx says yes; 400, 401, 403, 413, 414, 429 and 431 say no. A target that sends strangers elsewhere (302 to a
 * sign-in page) says no by the same redirect. Where strangers get a 2xx as well, only the marker tells.
 *
 * @throws TypeError if the honest request fails, or nothing tells an honest request from a stranger's.
 */
export function calibrate({ honest, anonymous, marker }: Samples): Calibration {
  const isYes = (reply: Reply): boolean =>
    reply.kind === 'answer' &&
    reply.status >= 200 &&
    reply.status < 300 &&
    (marker === undefined || reply.body.includes(marker));
  if (!isYes(honest)) {
    throw new TypeError(`the honest request is not accepted (${describeReply(honest)}): check URL and token`);
  }
  if (isYes(anonymous)) {
    throw new TypeError(
      'a request without a credential is answered like the honest one: nothing is protected here, or give a text that only a signed-in user sees',
    );
  }
  return { isYes, isNo: (reply) => !isYes(reply) && (saysNo(reply) || isSameRefusal(reply, anonymous)) };
}

const refusals: ReadonlySet<number> = new Set([400, 401, 403, 413, 414, 429, 431]);

function saysNo(reply: Reply): boolean {
  return reply.kind === 'answer' && refusals.has(reply.status);
}

function isSameRefusal(reply: Reply, anonymous: Reply): boolean {
  if (reply.kind !== 'answer' || anonymous.kind !== 'answer') return false;
  if (reply.status !== anonymous.status || reply.status >= 500 || reply.status === 404) return false;
  return placeOf(reply) === placeOf(anonymous);
}

function placeOf(reply: Reply): string {
  return (replyHeader(reply, 'location') ?? '').replace(/[?#].*$/s, '');
}

/** Judges one exchange by its answer. */
export function judge(exchange: Exchange, { isYes, isNo }: Calibration): Judgement {
  const { reply } = exchange;
  if (isYes(reply)) return accepted(`answered ${describeReply(reply)}, like the honest request`, exchange);
  if (!isNo(reply)) return inconclusive(`${describeReply(reply)}: that is no refusal`, exchange);
  return refused(`answered ${describeReply(reply)}`, exchange);
}

/** A redirect may bring a code or a token, and reports are read by many. */
const given = /([?&#](?:code|(?:\w+_)?token)=)[^&#]*/gi;

/** An answer in a few words. */
export function describeReply(reply: Reply): string {
  if (reply.kind !== 'answer') return `${reply.kind} (${reply.why})`;
  const challenge = replyHeader(reply, 'www-authenticate');
  const location = replyHeader(reply, 'location')?.replace(given, '$1…');
  if (reply.status === 401 && challenge === undefined) return '401 without a challenge';
  return `${reply.status}${location === undefined ? '' : ` to ${location.slice(0, 80)}`}`;
}
