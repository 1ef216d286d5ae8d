import { openAccounts } from './accounts.ts';
import { createAttempts } from '../senders/attempts.ts';
import type { Guard } from '@symbolon/guard';
import { accountAudience } from '../sessions/audiences.ts';
import { userinfoAudience } from '../linking/authorization-target.ts';
import type { Authorizations } from '../linking/authorizations.ts';
import { createBackchannelLogout } from '../linking/backchannel-logout.ts';
import { openBrowserSessions } from './browser-sessions.ts';
import { createCookieMint } from './cookie-mint.ts';
import { openDeviceBindings } from './device-binding.ts';
import { createDeviceMarks } from './device-marks.ts';
import { openEnrolments } from './enrolments.ts';
import { openFactors } from './factors.ts';
import { openAssets } from '../http/assets.ts';
import { createCookies } from '../http/cookies.ts';
import type { Office, PeopleOffice } from '../http/office.ts';
import { createOutbound } from '../outbound/outbound.ts';
import type { OwnGuard } from '../own-guards.ts';
import { settleOwnClient } from '../clients/own-client.ts';
import { createPasskeyChallenges } from './passkey-challenges.ts';
import { openPasskeys } from './passkeys.ts';
import type { StatedPeople } from './people-options.ts';
import { openSignIns } from './sign-ins.ts';

/** How many recovery codes an address may try in a minute: each is unguessable, so this spares the store. */
const triesPerMinute = 10;
/** Many people may share an address. */
const requestsPerMinute = 120;

/** Opens what only an issuer that people sign in at has. */
export async function openPeople(
  office: Office,
  {
    authorizations,
    ownGuard,
    said,
    report,
  }: {
    authorizations: Authorizations;
    ownGuard: OwnGuard;
    said: StatedPeople;
    report: (fault: { path: string; error: unknown }) => void;
  },
): Promise<{
  readonly office: PeopleOffice;
  /** Whose refusals count as the issuer's. */
  readonly guards: { readonly userinfo: Guard };
  readonly close: () => Promise<void>;
}> {
  const { signIn, registration } = said;
  await settleOwnClient(office.storage);
  const cookies = createCookies(office.issuer);
  const guard = ownGuard(accountAudience(office.issuer), { cookie: cookies.tokenName });
  const marks = createDeviceMarks(office.lookup);
  const cookieMint = createCookieMint({ mint: office.mint, cookies, marks });
  const devices = openDeviceBindings({ ...office, cookieMint });
  const browsers = openBrowserSessions({ ...office, cookies, cookieMint, marks, devices, guard });
  const userinfoGuard = ownGuard(userinfoAudience(office.issuer), { bearer: 'accept' });
  const passkeys = openPasskeys({
    issuer: office.issuer,
    name: said.name ?? new URL(office.issuer).host,
    challenges: createPasskeyChallenges(office.lookup),
  });
  const opening = {
    accounts: openAccounts(office),
    enrolments: openEnrolments({ ...office, passkeys }),
    signIns: openSignIns({ ...office, passkeys }),
    factors: openFactors({ ...office, passkeys }),
    recoveries: createAttempts({ perMinute: triesPerMinute, clock: office.clock }),
    arrivals: createAttempts({ perMinute: requestsPerMinute, clock: office.clock }),
  };
  const loopback = new URL(office.issuer).protocol === 'http:';
  const outbound = createOutbound({ loopback });
  const backchannel = createBackchannelLogout({ ...office, outbound, report });
  return {
    office: {
      ...office,
      ...opening,
      cookies,
      assets: await openAssets(),
      devices,
      browsers,
      userinfoGuard,
      authorizations,
      signIn,
      registration,
    },
    guards: { userinfo: userinfoGuard },
    close: async () => {
      await backchannel.close();
      guard.close();
      userinfoGuard.close();
    },
  };
}
