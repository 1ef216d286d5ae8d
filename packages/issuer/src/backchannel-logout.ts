import { signLogoutToken } from '@symbolon/token';
import type { Clients } from './clients.ts';
import type { Outbound } from './outbound.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { DueLogout } from './storage/logout-storage.ts';
import type { Storage } from './storage/storage.ts';

/** Tells applications that sessions have ended (OpenID Connect Back-Channel Logout). */
export interface BackchannelLogout {
  /** Looks into the feed now and tells what is due; resolves when every application has answered or not. */
  readonly run: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const interval = 1000;
const answerWithin = 3000;
const answerAtMost = 1024;

/**
 * Follows the feed, in which every way to end a session stands, whatever kinds of token were made of it.
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
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    const due = await storage.takeDueLogouts();
    await Promise.all(due.map((one) => tell(one, options)));
  };
  const once = (): Promise<void> =>
    (running ??= run()
      .catch((error: unknown) => {
        report({ path: 'back-channel logout', error });
      })
      .finally(() => (running = undefined)));
  const timer = setInterval(() => void once(), interval).unref();
  return {
    run: async () => {
      await running;
      await once();
    },
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

async function tell(
  { sid, subject, clientId, now }: DueLogout,
  by: Parameters<typeof createBackchannelLogout>[0],
): Promise<void> {
  const client = await by.clients.find(clientId);
  const url = client?.row.registration.backchannelLogoutUri ?? null;
  // An application that was removed is told nothing more.
  if (url === null) return by.storage.settleLogout(sid);
  try {
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
  } catch (error) {
    by.report({ path: 'back-channel logout', error });
  }
}
