import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type CDPSession, type Page } from 'playwright-core';

const places = [
  '/usr/lib/chromium/chromium',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const found = places.find((place) => existsSync(place));

/** Why a test in a browser does not run here, or false: for the option `skip`. */
export const noChromium: string | false =
  found === undefined
    ? 'SKIPPED: no Chromium here, so NOTHING was tested in a browser (apt-get install chromium)'
    : false;
if (noChromium !== false) console.error(noChromium);

/** Somebody at a browser profile of his own. */
export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly cdp: CDPSession;
  /** The authenticator of `page`; other windows have none of their own. */
  readonly authenticatorId: string;
  /** What Chromium said of sessions bound to the device, in order. */
  readonly deviceEvents: readonly DeviceEvent[];
}

/** The parts of `Network.deviceBoundSessionEventOccurred` that tests look at. */
export interface DeviceEvent {
  readonly sessionId?: string;
  readonly succeeded: boolean;
  readonly creationEventDetails?: { readonly fetchResult: string };
  readonly refreshEventDetails?: { readonly refreshResult: string };
  readonly terminationEventDetails?: { readonly deletionReason: string };
}

/**
 * Starts the system's Chromium, with device bound sessions whose keys are in software and not counted, or without them.
 *
 * Only a certificate named by its key is taken for a good one: with any other way of ignoring its errors, Chromium
 * drops what a server says of device bound sessions. Every host under `.test` is this machine, unless `hosts` says
 * otherwise.
 */
export function launchChromium(options: {
  spki: string;
  devices?: 'none';
  hosts?: string;
  /** Keeps a page that was left, to show it again as it was; Playwright switches that off. */
  keepsPages?: true;
}): Promise<Browser> {
  if (found === undefined) throw new Error(String(noChromium));
  const features = [
    'DeviceBoundSessions:RefreshQuota/false',
    'EnableBoundSessionCredentialsSoftwareKeysForManualTesting',
  ];
  return chromium.launch({
    executablePath: found,
    headless: true,
    ...(options.keepsPages ? { ignoreDefaultArgs: ['--disable-back-forward-cache'] } : {}),
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...(options.devices === 'none' ? [] : [`--enable-features=${features.join(',')}`]),
      `--ignore-certificate-errors-spki-list=${options.spki}`,
      `--host-resolver-rules=${options.hosts ?? 'MAP *.test 127.0.0.1'}`,
    ],
  });
}

/** One that holds passkeys and whose person is always there. */
export const authenticator = {
  protocol: 'ctap2',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
} as const;

/** Opens a profile of its own, with an authenticator that holds passkeys and whose person is always there. */
export async function newVisitor(browser: Browser): Promise<Visitor> {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const cdp = await context.newCDPSession(page);
  const deviceEvents: DeviceEvent[] = [];
  // The types of playwright-core do not know these yet.
  const send = (method: string, parameters: object): Promise<unknown> =>
    cdp.send(method as 'Network.enable', parameters);
  cdp.on('Network.deviceBoundSessionEventOccurred' as 'Network.loadingFailed', (event: unknown) => {
    deviceEvents.push(event as DeviceEvent);
  });
  await send('Network.enable', {});
  await send('Network.enableDeviceBoundSessions', { enable: true });
  await send('WebAuthn.enable', {});
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: authenticator,
  });
  return { context, page, cdp, authenticatorId, deviceEvents };
}
