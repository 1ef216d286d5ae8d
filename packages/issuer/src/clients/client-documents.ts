import { AuthError } from '@symbolon/token';
import { createAttempts, type Attempts } from '../senders/attempts.ts';
import { isOwnJwksUri, readDocument, readKeysAt } from './client-document.ts';
import { invalid } from './client-metadata.ts';
import { isAtUsualPort, isDocumentUrl } from './document-url.ts';
import { createOutbound, type Outbound } from '../outbound/outbound.ts';
import { newId } from '../random.ts';
import { createReadings, type Readings } from '../outbound/readings.ts';
import { createTriedReadings } from './tried-readings.ts';
import type { RegistrationPolicy, SelfRegistration } from './registration-policy.ts';
import type { PublicJwk } from '../storage/port/rows.ts';
import type { Storage } from '../storage/port/storage.ts';

/** A client that says of itself, at an address of its own, what it is or which keys it has. */
export interface ReadClient {
  readonly id: string;
  /** Where its keys are, if it registered itself; otherwise its id is the address. */
  readonly jwksUri?: string | undefined;
  /** When that was last read and found good, µs. */
  readonly readAt: number;
}

/**
 * What is read of clients at addresses of their own: of those whose id is the URL of their metadata
 * (draft-ietf-oauth-client-id-metadata-document) all, of others that registered themselves the keys.
 */
export interface ClientDocuments {
  /** Whether documents make clients here. */
  readonly areTaken: boolean;
  /**
   * Reads the keys of one that is just registering itself.
   *
   * @throws AuthError `client_metadata_invalid`, `registration_limit`, `readings_exceeded`.
   */
  readonly readKeys: (
    from: { jwksUri: string; uris: readonly string[] },
    sender: string | undefined,
  ) => Promise<readonly PublicJwk[]>;
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
  readonly renew: (client: ReadClient) => Promise<boolean>;
  /**
   * Reads it again before its time, a minute after the last time at the earliest: its client has made an assertion with a
   * key that was not there then. As `renew` otherwise, but what finds no place is told so.
   *
   * @throws AuthError `readings_exceeded`.
   */
  readonly reread: (client: ReadClient) => Promise<boolean>;
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
/** Known ones of one host are read so often in an hour: enough for a host of many, and no flood for it. */
const ofKnownHost = (clock: () => number) => ({ perHour: 600, clock });

/** Opens the reading of such documents and keys, as far as the installer allows it. */
export function openDocuments(given: {
  issuer: string;
  storage: Storage;
  clock: () => number;
  policy: RegistrationPolicy;
}): ClientDocuments {
  const { issuer, ...at } = given;
  // Documents on loopback are read on a developer's machine alone.
  const loopback = new URL(issuer).protocol === 'http:';
  return openClientDocuments({ ...at, loopback, outbound: createOutbound({ loopback }) });
}

function openClientDocuments(options: {
  storage: Storage;
  policy: RegistrationPolicy;
  outbound: Outbound;
  loopback: boolean;
  clock: () => number;
}): ClientDocuments {
  const { storage, policy, clock } = options;
  const tried = createTriedReadings({ clock, shortest: triedAgainAfter, longest: freshFor });
  const hosts = createAttempts({ perHour: perHost, clock });
  // What is new, which anybody may bring, takes no place of what is known.
  const [ofNew, ofKnown] = [createReadings(), createReadings()];
  // Of known ones nobody's keep another's from being read, so there is no count of all: each waits for itself.
  const [again, early] = [createAttempts(ofKnownHost(clock)), createAttempts(ofKnownHost(clock))];

  const countNew = (way: SelfRegistration | undefined): ((from: NewReading) => void) => {
    const ofAll = readingsForEach * (way?.perHour ?? 0);
    const senders = createAttempts({ perHour: way?.perSender ?? 0, unnamed: ofAll / 2, clock });
    const all = createAttempts({ perHour: ofAll, clock });
    return ({ host, sender }) => {
      ofNew.demandRoom(host);
      // One sender's are counted before those of a host, and these before everybody's: what is refused uses nothing up.
      const admitted = senders.admit(sender) && hosts.admit(host) && all.admit('');
      if (!admitted) throw laterOn();
    };
  };
  const countDocument = countNew(policy.documents);
  const countKeys = countNew(policy.dynamic);

  const loadDocument = async (id: string): Promise<boolean> => {
    if (policy.documents === undefined) return false;
    const client = await readDocument(id, { ...options, policy: policy.documents }).catch(() => undefined);
    if (client === undefined) return false;
    const subject = { id: newId(), handle: newId() };
    const kept = await storage.registerClient(
      { ...client, id, rights: [], subject, by: 'document' },
      policy.documents.perHour,
    );
    if (kept.kind === 'registered') return true;
    // Where the id is nobody's, nothing is wrong with the document: it is read again once there is room.
    if ((await storage.findClient(id)) === null) throw laterOn();
    return false;
  };
  const loadKeys = async (id: string, jwksUri: string): Promise<boolean> => {
    const keys = await readKeysAt(jwksUri, options).catch(() => undefined);
    return keys === undefined ? false : storage.renewKeys(id, keys);
  };
  const load = async ({ id, jwksUri }: Pick<ReadClient, 'id' | 'jwksUri'>): Promise<boolean> =>
    jwksUri === undefined ? loadDocument(id) : loadKeys(id, jwksUri);
  const read = (client: Pick<ReadClient, 'id' | 'jwksUri'>, at: Readings): Promise<boolean> =>
    tried.note(
      client.id,
      at.run(hostOf(client), () => load(client)),
    );

  const readAgain = async (
    client: ReadClient,
    { after, counted }: { after: number; counted: Attempts },
  ): Promise<boolean> => {
    if (clock() - client.readAt / 1000 < after) return false;
    const known = tried.lately(client.id);
    if (known !== undefined) return known;
    const host = hostOf(client);
    ofKnown.demandRoom(host);
    return counted.admit(host) ? read(client, ofKnown) : false;
  };

  return {
    areTaken: policy.documents !== undefined,
    introduce: async (id, sender) => {
      if (policy.documents === undefined || !isDocumentUrl(id, options)) return;
      const known = tried.lately(id);
      if (known !== undefined) {
        await known;
        return;
      }
      if (!isAtUsualPort(id, options)) throw new AuthError('client_document_port');
      countDocument({ host: hostOf({ id }), sender });
      await read({ id }, ofNew);
    },
    readKeys: async ({ jwksUri, uris }, sender) => {
      if (!isOwnJwksUri(jwksUri, { uris, ...options })) throw invalid('jwks_uri');
      const host = hostOf({ id: '', jwksUri });
      countKeys({ host, sender });
      return ofNew.run(host, () =>
        readKeysAt(jwksUri, options).catch(() => {
          throw invalid('jwks_uri');
        }),
      );
    },
    // What is only due to be read again, and finds no place, goes on as it was.
    renew: (client) => readAgain(client, { after: freshFor, counted: again }).catch(asUnread),
    reread: (client) => readAgain(client, { after: triedAgainAfter, counted: early }),
    isLapsed: (readAt) => clock() - readAt / 1000 >= lapsedAfter,
  };
}

/** A refusal is no reading; a fault of the store is a fault. */
function asUnread(error: unknown): false {
  if (error instanceof AuthError) return false;
  throw error;
}

const laterOn = (): AuthError => new AuthError('registration_limit', { detail: { retryAfter: hour / 1000 } });

/** Who has a host's address read for the first time. */
interface NewReading {
  readonly host: string;
  readonly sender: string | undefined;
}

function hostOf({ id, jwksUri }: Pick<ReadClient, 'id' | 'jwksUri'>): string {
  return new URL(jwksUri ?? id).hostname;
}
