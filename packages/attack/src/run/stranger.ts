import { describeReply } from './calibration.ts';
import type { Exchange, RequestParts } from '../http/exchange.ts';
import type { Lab } from './lab.ts';
import { refused, type Judgement } from './verdict.ts';

const nothingHere: ReadonlySet<number> = new Set([404, 405, 501]);
const credentials: ReadonlySet<string> = new Set(['authorization', 'cookie', 'dpop']);

/**
 * Judges an exchange by its answer; where the attack asked for another method or place, and nothing is served there, by
 * what a stranger is told there.
 */
export async function judgeAsStranger(lab: Lab, exchange: Exchange): Promise<Judgement> {
  const judgement = lab.judge(exchange);
  const { request, reply } = exchange;
  if (judgement.verdict !== 'inconclusive' || reply.kind !== 'answer') return judgement;
  if (!nothingHere.has(reply.status) || !isElsewhere(lab, request)) return judgement;
  const stranger = await lab.send(withoutCredential(request, lab.a.token));
  const isSame = stranger.reply.kind === 'answer' && stranger.reply.status === reply.status;
  return isSame ? refused(`answered ${describeReply(reply)}, as a stranger is there`, exchange) : judgement;
}

function isElsewhere(lab: Lab, { method, url, path }: RequestParts): boolean {
  return method !== lab.method || url !== lab.url || path !== undefined;
}

function withoutCredential(request: RequestParts, token: string): RequestParts {
  const { url, path, headers } = request;
  const bare = (text: string): string => text.replaceAll(token, 'stranger');
  return {
    ...request,
    url: bare(url),
    headers: headers.filter(([name]) => !credentials.has(name.toLowerCase())),
    ...(path === undefined ? {} : { path: bare(path) }),
  };
}
