import { z } from 'zod';
import { readClientMetadata } from './client-metadata.ts';
import type { Clients } from './clients.ts';
import type { Outbound } from './outbound.ts';
import { newId } from './random.ts';
import { isLoopback } from './redirect-uris.ts';
import type { SelfRegistration } from './registration-policy.ts';
import type { Storage } from './storage/storage.ts';
import { isThisMachine } from './this-machine.ts';

/** Clients whose id is the URL of their metadata (draft-ietf-oauth-client-id-metadata-document). */
export interface ClientDocuments {
  /** Brings the client's row up to date; never rejects: what cannot be read leaves the row, or none, as it was. */
  readonly refresh: (id: string) => Promise<void>;
}

const longest = 256;
/** In ms. */
const freshFor = 3600 * 1000;
const brokenFor = 60 * 1000;
const hour = 3600 * 1000;
const document = z.object({
  client_id: z.string(),
  client_secret: z.never().optional(),
  client_secret_expires_at: z.never().optional(),
});

/** Opens the reading of such documents, for an issuer that allows it. */
export function openClientDocuments(options: {
  storage: Storage;
  clients: Pick<Clients, 'forget'>;
  policy: SelfRegistration;
  outbound: Outbound;
  /** Whether documents on loopback are read: on a developer's machine. */
  loopback: boolean;
  clock: () => number;
}): ClientDocuments {
  const { storage, policy, clock } = options;
  const read = new Map<string, { until: number; done: Promise<boolean> }>();
  let fetched: number[] = [];

  const load = async (id: string): Promise<boolean> => {
    const answer = await options.outbound({
      ...{
        url: id,
        method: 'GET',
        headers: { accept: 'application/json' },
        maxBytes: 5 * 1024,
        within: 3000,
      },
    });
    const type =
      String(answer.headers['content-type'] ?? '')
        .split(';')[0]
        ?.trim() ?? '';
    if (answer.status !== 200 || !/^application\/(?:[a-z0-9.+-]+\+)?json$/i.test(type)) return false;
    const said: unknown = JSON.parse(answer.body);
    if (document.parse(said).client_id !== id) return false;
    const client = await readClientMetadata(said, { policy, how: 'document' });
    if (!client.registration.redirectUris.every((uri) => isAtHome(uri, id))) return false;
    const subject = { id: newId(), handle: newId() };
    const kept = await storage.registerClient(
      { ...client, id, rights: [], subject, by: 'document' },
      policy.perHour,
    );
    options.clients.forget(id);
    return kept.kind === 'registered';
  };

  return {
    refresh: async (id) => {
      const now = clock();
      const known = read.get(id);
      if (known !== undefined && now < known.until) {
        await known.done;
        return;
      }
      if (!isDocumentUrl(id, options)) return;
      fetched = fetched.filter((at) => at > now - hour);
      // Whoever asks decides what is fetched: both what is remembered and how often has a bound.
      if (fetched.length >= 10 * policy.perHour || read.size >= 10_000) {
        read.clear();
        if (fetched.length >= 10 * policy.perHour) return;
      }
      fetched.push(now);
      const reading = { until: now + brokenFor, done: load(id).catch(() => false) };
      read.set(id, reading);
      if (await reading.done) reading.until = now + freshFor;
    },
  };
}

/** An https URL with a path, in its one spelling: no user, query, fragment or dot segment. */
function isDocumentUrl(id: string, { loopback }: { loopback: boolean }): boolean {
  const url = id.length > longest ? null : URL.parse(id);
  if (url?.href !== id || url.pathname === '/') return false;
  if (url.search !== '' || id.includes('#') || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (loopback && isLoopback(id));
}

/** On the document's own origin, or on the person's own machine: nobody describes an application of somebody else. */
function isAtHome(uri: string, id: string): boolean {
  const { origin, protocol, hostname } = new URL(uri);
  if (protocol === 'http:') return isThisMachine(hostname);
  return protocol === 'https:' && origin === new URL(id).origin;
}
