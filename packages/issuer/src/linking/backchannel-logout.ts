import { signLogoutToken } from '@symbolon/token';
import type { Clients } from '../clients/clients.ts';
import type { Outbound } from '../outbound/outbound.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import type { DueLogout } from '../storage/port/logout-storage.ts';
import type { Storage } from '../storage/port/storage.ts';

/** Tells applications that sessions have ended (OpenID Connect Back-Channel Logout), until it is closed. */
export interface BackchannelLogout {
  /** Waits for the answers to what has been sent. */
  readonly close: () => Promise<void>;
}

const interval = 1000;
const answerWithin = 3000;
const answerAtMost = 1024;
/** How many are taken at once, and sent and not answered yet: then nothing more is taken until some are. */
const takenAtOnce = 50;
const inFlightAtMost = 500;

/**
 * Follows the feed, in which every way to end a session stands, whatever kinds of token were made of it.
 *
 * An application is sent more once it has answered all that it was sent, or run out of time: one that does not answer
 * holds up nobody but itself.
 *
 * What was not taken (anything but 200 or 204) is sent again, six times in all; `report` is told of it, without a
 * token.
 */
export function createBackchannelLogout(options: {
  issuer: string;
  storage: Storage;
  clients: Clients;
  keys: SigningKeys;
  outbound: Outbound;
  report: (fault: { path: string; error: unknown }) => void;
}): BackchannelLogout {
  const { storage, report } = options;
  /** The applications that are being told, and how many sessions each. */
  const telling = new Map<string, { readonly many: number; readonly done: Promise<void> }>();
  let looking: Promise<void> | undefined;
  let closed = false;
  const take = async (): Promise<void> => {
    for (let isMore = true; isMore && !closed;) {
      const inFlight = [...telling.values()].reduce((sum, { many }) => sum + many, 0);
      const atMost = Math.min(takenAtOnce, inFlightAtMost - inFlight);
      if (atMost <= 0) return;
      const due = await storage.takeDueLogouts({ except: [...telling.keys()], atMost });
      for (const [clientId, of] of Map.groupBy(due, ({ clientId }) => clientId)) begin(clientId, of);
      isMore = due.length === atMost;
    }
  };
  const look = (): Promise<void> =>
    (looking ??= take()
      .catch((error: unknown) => {
        report({ path: 'back-channel logout', error });
      })
      .finally(() => (looking = undefined)));
  const begin = (clientId: string, due: readonly DueLogout[]): void => {
    const done = Promise.all(due.map((one) => tell(one, options))).then(async (told) => {
      telling.delete(clientId);
      // Whoever did not answer is sent nothing more until the next look.
      if (!told.includes(false)) await look();
    });
    telling.set(clientId, { many: due.length, done });
  };
  const timer = setInterval(() => void look(), interval).unref();
  return {
    close: async () => {
      closed = true;
      clearInterval(timer);
      await looking;
      await Promise.all([...telling.values()].map(({ done }) => done));
    },
  };
}

/** Whether this was told, or need not be told any more. */
async function tell(
  { sid, subject, clientId, now }: DueLogout,
  by: Parameters<typeof createBackchannelLogout>[0],
): Promise<boolean> {
  try {
    const client = await by.clients.find(clientId);
    const url = client?.row.registration.backchannelLogoutUri ?? null;
    // An application that was removed is told nothing more.
    if (url === null) {
      await by.storage.settleLogout(sid);
      return true;
    }
    const claims = { iss: by.issuer, aud: clientId, sub: subject, sid, now: now / 1_000_000 };
    const token = await signLogoutToken(claims, await by.keys.identitySigner());
    const { status } = await by.outbound({
      ...{ url, method: 'POST', maxBytes: answerAtMost, within: answerWithin },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
    if (status !== 200 && status !== 204)
      throw new Error(`${clientId} answered ${String(status)} to a logout`);
    await by.storage.settleLogout(sid);
    return true;
  } catch (error) {
    by.report({ path: 'back-channel logout', error });
    return false;
  }
}
