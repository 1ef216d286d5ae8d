import { replyHeader, type Exchange, type RequestParts } from '../http/exchange.ts';
import type { Presenting } from '../run/present.ts';
import type { RefreshChange } from './refresh-request.ts';

/** No change: the honest refresh. */
export const unchanged: RefreshChange = (request) => request;

/**
 * Sends a refresh, once more if the issuer asks for a nonce (RFC 9449 section 8): it has looked at nothing else then, so
 * the refresh token is not used up.
 */
export async function sendRefresh(
  change: RefreshChange,
  { make, by }: { make: () => Promise<RequestParts>; by: Presenting },
): Promise<Exchange> {
  const send = async (): Promise<Exchange> => {
    const request = change(await make(), by.issuerNonce.current);
    return by.send({ ...request, keep: 65_536 });
  };
  const first = await send();
  const asksForNonce = learnNonce(first, by);
  if (!asksForNonce) return first;
  const second = await send();
  learnNonce(second, by);
  return second;
}

/** An answer that is no error may bring the next nonce too (RFC 9449 section 8.2). */
function learnNonce({ reply }: Exchange, by: Presenting): boolean {
  const nonce = replyHeader(reply, 'dpop-nonce');
  if (nonce === undefined || reply.kind !== 'answer') return false;
  by.issuerNonce.current = nonce;
  return reply.status >= 400 && reply.body.includes('use_dpop_nonce');
}
