import { json } from './answers.ts';
import type { Office } from './office.ts';

/** `GET /healthz`: the process answers. */
export function healthEndpoint(): Response {
  return json({ status: 'ok' });
}

/** `GET /readyz`: the store answers and its head moves, the keys are open, and the issuer is not closing. */
export async function readyEndpoint(office: Office): Promise<Response> {
  if (office.isClosing()) return json({ status: 'closing' }, { status: 503 });
  if (!office.feed.isLive()) return json({ status: 'cut off from the store' }, { status: 503 });
  try {
    await office.storage.now();
    const keys = await office.keys.published();
    return json({ status: 'ready', keys: keys.length });
  } catch {
    return json({ status: 'store unavailable' }, { status: 503 });
  }
}
