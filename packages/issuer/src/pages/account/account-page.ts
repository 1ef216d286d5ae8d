import { accountApplications, type ShownApplication } from './applications.ts';
import { accountDevices, type ShownDevice } from './devices.ts';
import { eventList, type ShownEvent } from './events.ts';
import { accountPasskeys, type ShownPasskey } from './passkeys.ts';
import { framedPage, type Reader } from '../frame.ts';
import { html, type Html } from '../markup.ts';
import { count } from '../moment.ts';
import { mark } from '../mark.ts';
import { plainName } from '../shown-name.ts';
import type { Site } from '../site.ts';

/** What the account page shows. Times are µs on the database's clock. */
export interface AccountView {
  readonly site: Site;
  readonly reader: Reader;
  readonly now: number;
  /** What has just been done. */
  readonly notice?: Html;
  readonly applications: readonly ShownApplication[];
  readonly devices: readonly ShownDevice[];
  readonly passkeys: readonly ShownPasskey[];
  /** How many recovery codes have not been used. */
  readonly recoveryCodes: number;
  readonly events: readonly ShownEvent[];
}

/** Everything that can act for a person, and how to end it. */
export function accountPage(view: AccountView): Html {
  const { site, reader, now, applications, devices } = view;
  const { base } = site;
  return framedPage({
    site,
    reader,
    title: 'Your account',
    half: 'account',
    placesName: 'On this page',
    places: [
      { href: '#applications', text: 'Linked applications' },
      { href: '#devices', text: 'Your browsers' },
      { href: '#passkeys', text: 'Passkeys' },
      { href: '#recovery', text: 'Recovery codes' },
      { href: '#events', text: 'Recent events' },
    ],
    ...(view.notice === undefined ? {} : { notice: view.notice }),
    script: 'passkeys',
    main: html`<div class="page-head">
        <div>
          <h1>Your account</h1>
          <p class="lead">
            ${count(applications.length, ['linked application', 'linked applications'])} and
            ${count(devices.length, ['browser', 'browsers'])} can act for ${plainName(reader.name)}. End any
            of them here: it stops within a second.
          </p>
        </div>
        <div class="actions">
          <a class="button" href="${base}/account/name">Change your name</a>
          <a class="button danger" href="${base}/account/end-others">End everything else</a>
        </div>
      </div>
      ${accountApplications({ base, now, applications })} ${accountDevices({ base, now, devices })}
      ${accountPasskeys({ base, now, passkeys: view.passkeys, recoveryCodes: view.recoveryCodes })}
      ${recoverySection(base, view.recoveryCodes)}
      <section class="section" id="events" aria-labelledby="events-title">
        <header>
          <h2 id="events-title">Recent events</h2>
          <a href="${base}/account/events">All events</a>
        </header>
        <div class="panel">${eventList({ now, events: view.events })}</div>
      </section>`,
  });
}

function recoverySection(base: string, left: number): Html {
  return html`<section class="section" id="recovery" aria-labelledby="recovery-title">
    <header>
      <h2 id="recovery-title">Recovery codes</h2>
      <p class="soft">Each opens your account once, if every passkey is lost.</p>
    </header>
    <div class="panel padded page-head">
      <p class="row-title">
        ${
          left === 0
            ? html`${mark('warn', 'none left')} Without codes, only a passkey opens this account.`
            : html`${mark(left < 3 ? 'warn' : 'good', `${left} left`)} Kept as what recognises them: nobody
              can read them from here.`
        }
      </p>
      <a class="button small" href="${base}/account/recovery-codes">Make new codes</a>
    </div>
  </section>`;
}
