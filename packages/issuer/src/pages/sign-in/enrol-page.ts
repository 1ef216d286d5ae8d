import { cardPage } from '../layout.ts';
import { html, type Html } from '../markup.ts';
import { notice } from '../notice.ts';
import type { Site } from '../site.ts';
import { symbol } from '../symbols.ts';

/** What the enrolment page shows. Its code stands in the address behind `#`, which only the browser sees. */
export interface EnrolView {
  readonly site: Site;
  /** `recovery`: of an account that stands, by an operator's link. */
  readonly purpose: 'account' | 'recovery';
}

/** Where an invited person, the first operator, or who came by a recovery code makes a passkey. */
export function enrolPage({ site, purpose }: EnrolView): Html {
  return cardPage({
    site,
    title: 'Make your passkey',
    script: 'enrol',
    main: html`<h1>Make your passkey</h1>
      <p class="lead">It opens your account. It replaces a password, and there is nothing to remember.</p>
      ${
        purpose === 'account'
          ? ''
          : notice(
              'warn',
              'This link recovers your account. When you make the passkey, every session of the account ends, on all devices and in all applications. Nothing else is removed: look through your passkeys afterwards, and remove those that you have lost.',
            )
      }
      <ul class="may">
        <li>
          ${symbol('finger')}<span
            >Your device keeps it, and opens it with your finger, your face or a PIN.</span
          >
        </li>
        <li>${symbol('shield')}<span>It works at ${site.host} only, so a forged page gets nothing.</span></li>
        <li>
          ${symbol('key')}<span
            >Recovery codes, which you can make afterwards, open the account if the device is lost.</span
          >
        </li>
      </ul>
      <form id="enrol" class="form" data-base="${site.base}">
        <div class="field">
          <label for="name">Name of this passkey</label>
          <input
            id="name"
            name="name"
            value="My passkey"
            required
            maxlength="60"
            autocomplete="off"
            aria-describedby="name-hint"
          />
          <p id="name-hint" class="hint">By which you will know it again: the phone, the laptop at work.</p>
        </div>
        <div>
          <button class="button primary wide" id="make-passkey" disabled>
            ${symbol('finger')}Make a passkey
          </button>
          <p id="status" role="status" class="status"></p>
        </div>
      </form>
      <noscript>${notice('warn', 'Making a passkey needs JavaScript, which is off here.')}</noscript>`,
  });
}
