import type { Family } from '../../attack-row.ts';
import { describeReply } from '../../run/calibration.ts';
import type { Exchange } from '../../http/exchange.ts';
import { isObject, parseObject, type JsonObject } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';
import type { TokenChange } from '../../credentials/token-request.ts';
import { accepted, inconclusive, Missing, refused, type Judgement } from '../../run/verdict.ts';

/** What the attacks on a token endpoint have in common. */
export const issuerFamily: Family = {
  family: 'issuer',
  needs: ['client', 'tokenEndpoint'],
  maps: {
    asvs401: ['3.5.3'],
    asvs403: ['3.5.3'],
    asvs50: ['10.4.10', '10.4.16'],
    rfc9700: ['2.5'],
    cwe: ['CWE-287', 'CWE-345'],
  },
  why: 'Whoever passes for a client at its issuer gets honest tokens, which no guard can tell from others.',
  fix: 'Check all of RFC 7523 section 3, by keys that are registered for the client, and use each assertion once.',
};

/** Asks for a token with a change: it is accepted if a token comes. */
export async function ask(lab: Lab, change: TokenChange): Promise<Judgement> {
  return judgeToken(lab, await lab.askToken(change));
}

/** A refusal counts only if an honest request still gets its token. */
export async function judgeToken(lab: Lab, exchange: Exchange): Promise<Judgement> {
  if (tokenIn(exchange) !== undefined) return accepted('the issuer gave a token', exchange);
  const { reply } = exchange;
  // A body that is too large may end the connection before there is an answer.
  const isNo = reply.kind === 'broken' || (reply.kind === 'answer' && reply.status < 500);
  if (!isNo) return inconclusive(`${describeReply(reply)}: that is no refusal`, exchange);
  const honest = await lab.askToken({});
  return tokenIn(honest) === undefined
    ? inconclusive(`refused, but an honest token request was answered ${describeReply(honest.reply)}`, honest)
    : refused(`answered ${describeReply(reply)}`, exchange);
}

/** The answer to an honest token request. */
export async function honestAnswer(lab: Lab): Promise<Exchange> {
  const honest = await lab.askToken({});
  if (tokenIn(honest) !== undefined) return honest;
  throw new Missing('client', `an honest token request was answered ${describeReply(honest.reply)}`);
}

/** The token in an answer, or undefined. */
export function tokenIn({ reply }: Exchange): string | undefined {
  const token = bodyOf(reply)?.['access_token'];
  return typeof token === 'string' ? token : undefined;
}

function bodyOf(reply: Exchange['reply']): JsonObject | undefined {
  if (reply.kind !== 'answer' || reply.status >= 300) return undefined;
  const body = parseObject(reply.body);
  return isObject(body) ? body : undefined;
}
