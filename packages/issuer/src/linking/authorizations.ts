import { AuthError } from '@symbolon/token';
import { answerTo, errorTo, type AuthorizationAnswer, type ResponseMode } from './authorization-answer.ts';
import { fits } from './authorization-target.ts';
import type { Person } from '../people/browser-sessions.ts';
import type { Clients } from '../clients/clients.ts';
import type { LookupKey } from '../keys/lookup-key.ts';
import { consentLife } from './consent-life.ts';
import { newBytes, newId } from '../random.ts';
import { createRequestCeiling, retryAfter, senderShares, type SentBy } from '../senders/request-ceiling.ts';
import { createSenderPlaces, type PlaceAsked, type SenderPlaces } from '../senders/sender-places.ts';
import type { Lifetimes } from '../sessions/sessions.ts';
import type { OpenRequest } from '../storage/port/authorization-storage.ts';
import { provenName } from '../storage/port/registration-storage.ts';
import type { ClientRow } from '../storage/port/rows.ts';
import type { Storage } from '../storage/port/storage.ts';

/** What a linked application asks a person for, checked. */
export interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string | null;
  readonly responseMode: ResponseMode;
  readonly audience: string;
  /** Space-separated, as on the wire. */
  readonly scope: string;
  readonly codeChallenge: string;
  /** The key that must redeem the code; `null` where none was named. */
  readonly jkt: string | null;
  readonly nonce: string | null;
  readonly prompt: readonly string[];
  /** Seconds since the person proved to be there, at most. */
  readonly maxAge: number | null;
  readonly acrValues: readonly string[] | null;
  readonly loginHint: string | null;
  /** Whom the application means (`id_token_hint`); `null`: whoever signs in. */
  readonly hintedSubject: string | null;
}

/** A request on which nobody has decided. */
export interface OpenAuthorization {
  readonly request: AuthorizationRequest;
  /** Seconds. */
  readonly createdAt: number;
}

/** Who allows it, and how and when he proved to be there. */
export interface Allowing {
  readonly subject: string;
  /** Seconds. */
  readonly authTime: number;
  readonly amr: readonly string[];
  /** The browser session it happens in. */
  readonly signIn: string | null;
}

/** Scope values of one audience, for one application. */
export interface Covered {
  readonly subject: string;
  readonly client: Pick<ClientRow, 'id' | 'bearer'>;
  readonly audience: string;
  /** Space-separated, as on the wire. */
  readonly scope: string;
}

/** How long a pushed request may wait to be opened, in seconds (RFC 9126 section 2.2). */
export const pushedLife = 60;
/** How long a person may take to sign in and to decide, in seconds. */
const openLife = 30 * 60;
const micros = 1_000_000;

/** Authorization requests from their arrival to the code. */
export interface Authorizations {
  /**
   * Keeps a pushed request; answers the secret part of its `request_uri`.
   *
   * @throws AuthError `requests_exceeded`.
   */
  readonly push: (request: AuthorizationRequest, sentBy: SentBy) => Promise<string | undefined>;
  /** Takes up a pushed request, once. */
  readonly takePushed: (secret: string) => Promise<AuthorizationRequest | undefined>;
  /**
   * Keeps a request while the person signs in and decides; answers its handle.
   *
   * @throws AuthError `requests_exceeded`.
   */
  readonly keep: (request: AuthorizationRequest, sentBy: SentBy) => Promise<string | undefined>;
  readonly find: (handle: string) => Promise<OpenAuthorization | undefined>;
  /** Whether the person allowed all of this before, and not too long ago. */
  readonly isCovered: (asked: Covered) => Promise<boolean>;
  /** Makes the code: the answer to the application; undefined if the request is over or something changed meanwhile. */
  readonly allow: (
    handle: string,
    by: { request: AuthorizationRequest; person: Allowing; consent: 'granted' | 'covered' },
  ) => Promise<AuthorizationAnswer | undefined>;
  /** Ends the request with an error: the answer to the application; undefined if it is over. */
  readonly refuse: (handle: string, error: AuthError) => Promise<AuthorizationAnswer | undefined>;
}

/** A kind of requests that wait. */
interface Waiting {
  readonly purpose: string;
  /** Seconds. */
  readonly life: number;
  readonly places: SenderPlaces;
}

/** Opens the authorization requests over a store. */
export function openAuthorizations(options: {
  issuer: string;
  storage: Storage;
  lookup: LookupKey;
  clients: Clients;
  clock: () => number;
  lifetimes: Lifetimes;
}): Authorizations {
  const { issuer, storage, lookup, lifetimes } = options;
  const ceiling = createRequestCeiling(options);
  const placesFor = (life: number): SenderPlaces =>
    createSenderPlaces({ clock: options.clock, life: life * 1000, together: senderShares.together });
  const pushed: Waiting = { purpose: 'pushed request', life: pushedLife, places: placesFor(pushedLife) };
  const opened: Waiting = { purpose: 'request', life: openLife, places: placesFor(openLife) };
  const nameOf = ({ purpose }: Waiting, text: string): string =>
    `${text.startsWith(provenName) ? provenName : ''}${lookup.name(purpose, text)}`;
  const takePlace = async (places: SenderPlaces, asked: PlaceAsked): Promise<void> => {
    if (places.take(asked)) return;
    const held = places.inTheWayOf(asked);
    const open = new Set(await storage.stillOpen(held));
    for (const name of held) if (!open.has(name)) places.leave(name);
    if (!places.take(asked)) throw new AuthError('requests_exceeded', { detail: { retryAfter } });
  };
  const keep = async (
    waiting: Waiting,
    { request, sentBy }: { request: AuthorizationRequest; sentBy: SentBy },
  ): Promise<string | undefined> => {
    const client = await options.clients.find(request.clientId);
    if (client === undefined) return undefined;
    const { clientId } = request;
    const text = `${sentBy.kind === 'client' ? provenName : ''}${newBytes(32).toString('base64url')}`;
    const name = nameOf(waiting, text);
    const ofClient = senderShares.ofClient(client.row.registration.by);
    if (sentBy.kind === 'anybody' && sentBy.address !== undefined) {
      await takePlace(waiting.places, { name, address: sentBy.address, clientId, ofClient });
    }
    let isKept = false;
    try {
      await ceiling.demandRoom(client.row, sentBy);
      const parameters = JSON.stringify(request);
      const kept = await storage.keepRequest({ name, clientId, parameters, life: waiting.life * micros });
      isKept = kept.kind === 'kept';
    } finally {
      if (!isKept) waiting.places.leave(name);
    }
    return isKept ? text : undefined;
  };
  /** What its client was registered for when it came may have been taken away since: then the request is over. */
  const readStanding = async (open: OpenRequest | null): Promise<OpenAuthorization | undefined> => {
    if (open === null) return undefined;
    const read = readOpen(open);
    const client = await options.clients.find(read.request.clientId);
    // Without a client it is for others to say so.
    return client === undefined || fits(client.row, { issuer, request: read.request }) ? read : undefined;
  };
  const take = async (waiting: Waiting, text: string): Promise<AuthorizationRequest | undefined> => {
    const name = nameOf(waiting, text);
    const taken = await storage.takeRequest(name);
    waiting.places.leave(name);
    return (await readStanding(taken))?.request;
  };
  return {
    push: (request, sentBy) => keep(pushed, { request, sentBy }),
    takePushed: (secret) => take(pushed, secret),
    keep: (request, sentBy) => keep(opened, { request, sentBy }),
    find: async (handle) => readStanding(await storage.findRequest(nameOf(opened, handle))),
    isCovered: ({ subject, client, audience, scope }) =>
      storage.grantCovers({
        ...{ subject, clientId: client.id, audience, scopes: scope.split(' ') },
        consentLife: consentLife(client, lifetimes),
      }),
    allow: async (handle, { request, person, consent }) => {
      const requestName = nameOf(opened, handle);
      const code = newBytes(32).toString('base64url');
      const client = await options.clients.find(request.clientId);
      if (client === undefined || !fits(client.row, { issuer, request })) return undefined;
      const { clientId, audience, redirectUri, codeChallenge, jkt, nonce } = request;
      const allowed = await storage.allow({
        ...{ requestName, codeName: lookup.name('code', code) },
        ...{ clientId, audience, redirectUri, codeChallenge, jkt, nonce, consent, newGrant: newId() },
        ...{ newEvent: newId(), clientName: client.row.name },
        ...{ subject: person.subject, amr: person.amr, signIn: person.signIn },
        scopes: request.scope.split(' '),
        consentLife: consentLife(client.row, lifetimes),
        authenticatedAt: person.authTime * micros,
      });
      if (allowed.kind !== 'allowed') return undefined;
      opened.places.leave(requestName);
      return answerTo(request, { issuer, answer: { code } });
    },
    refuse: async (handle, error) => {
      const request = await take(opened, handle);
      return request === undefined ? undefined : errorTo(request, { issuer, error });
    },
  };
}

/** Person and session, as a code remembers them. */
export function allowedBy({ subject, authTime, amr, sid }: Person): Allowing {
  return { subject, authTime, amr, signIn: sid };
}

/** Written by `keep` alone. */
function readOpen({ parameters, createdAt }: OpenRequest): OpenAuthorization {
  return {
    request: JSON.parse(parameters) as AuthorizationRequest,
    createdAt: Math.floor(createdAt / micros),
  };
}
