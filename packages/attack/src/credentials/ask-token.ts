import { replyHeader, type Exchange } from '../http/exchange.ts';
import type { Presenting } from '../run/present.ts';
import { tokenRequest, type TokenAsking, type TokenChange } from './token-request.ts';

/** Sends a token request, once more if the issuer asks for a nonce (RFC 9449 section 8). */
export async function askToken(
  change: TokenChange,
  { asking, by }: { asking: Omit<TokenAsking, 'now' | 'nonce'>; by: Presenting },
): Promise<Exchange> {
  const send = (): Promise<Exchange> =>
    by.send(tokenRequest({ ...asking, now: by.now(), nonce: by.issuerNonce.current }, change));
  const first = await send();
  const nonce = replyHeader(first.reply, 'dpop-nonce');
  if (nonce === undefined || nonce === by.issuerNonce.current) return first;
  by.issuerNonce.current = nonce;
  return first.reply.kind === 'answer' && first.reply.status === 400 ? send() : first;
}
