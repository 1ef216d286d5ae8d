import { z } from 'zod';
import { readClientMetadata, type SelfDescribed } from './client-metadata.ts';
import type { Outbound } from './outbound.ts';
import type { SelfRegistration } from './registration-policy.ts';

const longest = 5 * 1024;
/** In ms. */
const within = 3000;
const document = z.object({
  client_id: z.string(),
  client_secret: z.never().optional(),
  client_secret_expires_at: z.never().optional(),
});

/**
 * Reads what stands at a client's id, and judges it: JSON that names itself, without a secret, whose addresses are its own.
 *
 * Rejects for everything else; why is nobody's business who asked.
 */
export async function readDocument(
  id: string,
  { outbound, policy }: { outbound: Outbound; policy: SelfRegistration },
): Promise<SelfDescribed> {
  const headers = { accept: 'application/json' };
  const answer = await outbound({ url: id, method: 'GET', headers, maxBytes: longest, within });
  const [type = ''] = String(answer.headers['content-type'] ?? '').split(';');
  if (answer.status !== 200 || !/^application\/(?:[a-z0-9.+-]+\+)?json$/i.test(type.trim()))
    throw new Error('unexpected answer, expected 200 and JSON');
  const said: unknown = JSON.parse(answer.body);
  if (document.parse(said).client_id !== id) throw new Error('the document names another client');
  const client = await readClientMetadata(said, { policy, how: 'document' });
  const { redirectUris, postLogoutRedirectUris } = client.registration;
  if (![...redirectUris, ...postLogoutRedirectUris].every((uri) => isAtHome(uri, id)))
    throw new Error('an address lies on another origin than the document');
  return client;
}

/** On the document's own origin, or on the person's own machine: nobody describes an application of somebody else. */
function isAtHome(uri: string, id: string): boolean {
  const { origin, protocol, hostname } = new URL(uri);
  if (protocol === 'http:') return ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
  return protocol === 'https:' && origin === new URL(id).origin;
}
