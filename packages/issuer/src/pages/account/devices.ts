import { html, type Html } from '../markup.ts';
import { mark } from '../mark.ts';
import { moment } from '../moment.ts';
import { pictogram } from '../monogram.ts';
import { postButton } from '../post-button.ts';
import { plainName, shownName } from '../shown-name.ts';

/** A browser in which a person is signed in. */
export interface ShownDevice {
  readonly sid: string;
  readonly device: string | null;
  /** Whether the browser has bound its session to the device (DBSC). */
  readonly bound: boolean;
  /** The browser that asks. */
  readonly here: boolean;
  readonly startedAt: number;
  readonly lastUsedAt: number;
}

/** The browsers in which a person is signed in. */
export function accountDevices(of: {
  readonly base: string;
  readonly now: number;
  readonly devices: readonly ShownDevice[];
}): Html {
  return html`<section class="section" id="devices" aria-labelledby="devices-title">
    <header>
      <h2 id="devices-title">Where you are signed in</h2>
      <p class="soft">
        A session that is bound to its device is worth nothing anywhere else. One that only a cookie carries
        could be copied, so it is kept short. Ending one signs out every application that was opened in it.
      </p>
    </header>
    <div class="panel">
      <ul class="rows">
        ${of.devices.map((device) => deviceRow(device, of))}
      </ul>
    </div>
  </section>`;
}

function deviceRow(session: ShownDevice, of: { readonly base: string; readonly now: number }): Html {
  const { sid, device, bound, here, startedAt, lastUsedAt } = session;
  const name = device ?? 'A browser without a name';
  return html`<li class="${here ? 'here' : ''}">
    ${pictogram(/phone|android|ios/i.test(name) ? 'phone' : 'laptop')}
    <div class="row-main">
      <div class="row-title">
        <h3>${shownName(name)}</h3>
        ${here ? mark('accent', 'this browser') : ''}
        ${bound ? mark('good', 'bound to this device') : mark('warn', 'cookie only')}
      </div>
      <p class="facts">
        <span>Signed in ${moment(startedAt, of.now)}</span>
        <span>Last used ${moment(lastUsedAt, of.now)}</span>
      </p>
    </div>
    <div class="row-actions">
      ${
        here
          ? postButton({ action: `${of.base}/sign-out`, text: 'Sign out', of: 'of this browser' })
          : postButton({
              action: `${of.base}/account/sessions/${encodeURIComponent(sid)}/end`,
              text: 'End',
              of: plainName(name),
              look: 'danger',
            })
      }
    </div>
  </li>`;
}
