import { AuthError } from '@symbolon/token';
import { createAttempts, type Attempts } from '../senders/attempts.ts';
import { readDocument } from './client-document.ts';
import { isAtUsualPort, isDocumentUrl } from './document-url.ts';
import { createOutbound, type Outbound } from '../outbound/outbound.ts';
import { newId } from '../random.ts';
import { createReadings, type Readings } from '../outbound/readings.ts';
import type { RegistrationPolicy, SelfRegistration } from './registration-policy.ts';
import type { Storage } from '../storage/port/storage.ts';

/** Clients whose id is the URL of their metadata (draft-ietf-oauth-client-id-metadata-document). */
export interface ClientDocuments {
  /**
   * Reads the document of a client that is not known here yet, so that there is a row of it where it is good.
   *
   * @throws AuthError `client_document_port`; `registration_limit`: too many new ones, of this sender, of that host or of
   * everybody; `readings_exceeded`: too many just now.
   */
  readonly introduce: (id: string, sender: string | undefined) => Promise<void>;
  /**
   * Reads the document of a known client again where its life is over; true: the row was brought up to date. Never
   * rejects: what cannot be read leaves the row as it was.
   */
  readonly renew: (client: { id: string; readAt: number }) => Promise<boolean>;
  /**
   * Reads it again before its time, a minute after the last time at the earliest: its client has made an assertion with a
   * key that was not there then. As `renew` otherwise, but what finds no place is told so.
   *
   * @throws AuthError `readings_exceeded`.
   */
  readonly reread: (client: { id: string; readAt: number }) => Promise<boolean>;
  /** Whether the document of a known client has not been read for so long that its row says nothing any more. */
  readonly isLapsed: (readAt: number) => boolean;
}

/** In ms. */
const freshFor = 3600 * 1000;
const triedAgainAfter = 60 * 1000;
const hour = 3600 * 1000;
const lapsedAfter = 7 * 24 * hour;
/** So many new documents of one host are read in an hour: several senders' worth, so that none can keep a host out. */
const perHost = 60;
/** Readings that failed, or were refused, leave no row: there may be so many for each that leaves one. */
const readingsForEach = 10;
const remembered = 10_000;
/** Known ones of one host are read so often in an hour: enough for a host of many, and no flood for it. */
const ofKnownHost = (clock: () => number) => ({ perHour: 600, clock });

/** A reading, and when the next may be: twice as long after each that failed, an hour at most. */
interface Tried {
  until: number;
  failures: number;
  readonly done: Promise<boolean>;
}

/** How clients are known by their documents; undefined where the installer does not allow it. */
export function openDocuments(given: {
  issuer: string;
  storage: Storage;
  clock: () => number;
  policy: RegistrationPolicy['documents'];
}): ClientDocuments | undefined {
  const { issuer, policy, ...at } = given;
  if (policy === undefined) return undefined;
  const loopback = new URL(issuer).protocol === 'http:';
  return openClientDocuments({ ...at, policy, loopback, outbound: createOutbound({ loopback }) });
}

/** Opens the reading of such documents, for an issuer that allows it. */
function openClientDocuments(options: {
  storage: Storage;
  policy: SelfRegistration;
  outbound: Outbound;
  /** Whether documents on loopback are read: on a developer's machine. */
  loopback: boolean;
  clock: () => number;
}): ClientDocuments {
  const { storage, policy, clock } = options;
  const tried = new Map<string, Tried>();
  const ofAll = readingsForEach * policy.perHour;
  const senders = createAttempts({ perHour: policy.perSender, unnamed: ofAll / 2, clock });
  const hosts = createAttempts({ perHour: perHost, clock });
  const all = createAttempts({ perHour: ofAll, clock });
  // What is new, which anybody may bring, takes no place of what is known.
  const [ofNew, ofKnown] = [createReadings(), createReadings()];
  // Of known ones nobody's keep another's from being read, so there is no count of all: each waits for itself.
  const [again, early] = [createAttempts(ofKnownHost(clock)), createAttempts(ofKnownHost(clock))];

  const load = async (id: string): Promise<boolean> => {
    const client = await readDocument(id, options);
    const subject = { id: newId(), handle: newId() };
    const kept = await storage.registerClient(
      { ...client, id, rights: [], subject, by: 'document' },
      policy.perHour,
    );
    return kept.kind === 'registered';
  };
  const read = (id: string, at: Readings): Promise<boolean> => {
    // Whoever asks decides what is read: what is remembered has a bound, and what was tried first is forgotten first.
    const [oldest] = tried.keys();
    if (tried.size >= remembered && oldest !== undefined && !tried.has(id)) tried.delete(oldest);
    const failures = tried.get(id)?.failures ?? 0;
    const done = at.run(new URL(id).hostname, () => load(id)).catch(() => false);
    const entry = { until: clock() + triedAgainAfter, done, failures };
    tried.set(id, entry);
    void done.then((isRead) => {
      entry.failures = isRead ? 0 : failures + 1;
      if (!isRead) entry.until = clock() + Math.min(triedAgainAfter * 2 ** failures, freshFor);
    });
    return done;
  };
  const lately = (id: string): Promise<boolean> | undefined => {
    const known = tried.get(id);
    return known !== undefined && clock() < known.until ? known.done : undefined;
  };

  const readAgain = async (
    { id, readAt }: { id: string; readAt: number },
    { after, counted }: { after: number; counted: Attempts },
  ): Promise<boolean> => {
    if (clock() - readAt / 1000 < after) return false;
    const known = lately(id);
    if (known !== undefined) return known;
    const { hostname } = new URL(id);
    ofKnown.demandRoom(hostname);
    return counted.admit(hostname) ? read(id, ofKnown) : false;
  };

  return {
    introduce: async (id, sender) => {
      if (!isDocumentUrl(id, options)) return;
      const known = lately(id);
      if (known !== undefined) {
        await known;
        return;
      }
      if (!isAtUsualPort(id, options)) throw new AuthError('client_document_port');
      const { hostname } = new URL(id);
      ofNew.demandRoom(hostname);
      // One sender's are counted before those of a host, and these before everybody's: what is refused uses nothing up.
      const admitted = senders.admit(sender) && hosts.admit(hostname) && all.admit('');
      if (!admitted) throw new AuthError('registration_limit', { detail: { retryAfter: hour / 1000 } });
      await read(id, ofNew);
    },
    renew: (client) => readAgain(client, { after: freshFor, counted: again }).catch(() => false),
    reread: (client) => readAgain(client, { after: triedAgainAfter, counted: early }),
    isLapsed: (readAt) => clock() - readAt / 1000 >= lapsedAfter,
  };
}
