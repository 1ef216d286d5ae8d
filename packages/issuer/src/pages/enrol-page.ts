import { cardPage } from './layout.ts';
import { html, type Html } from './markup.ts';
import type { Site } from './site.ts';

/** What the enrolment page shows. Its code stands in the address behind `#`, which only the browser sees. */
export interface EnrolView {
  readonly site: Site;
}

/** Where an invited person, or the first operator, makes an account's first passkey. */
export function enrolPage({ site }: EnrolView): Html {
  return cardPage({
    site,
    title: 'Set up your account',
    script: 'enrol',
    main: html`<h1>Set up your account</h1>
      <p class="lead">
        You will make a passkey: your device keeps it, and unlocks it with your finger, your face or its PIN.
        There is no password to remember or to lose.
      </p>
      <form id="enrol" data-base="${site.base}">
        <label for="name">Name of this passkey</label>
        <input id="name" name="name" value="My passkey" required maxlength="60" autocomplete="off" />
        <button class="button primary wide" id="make-passkey" disabled>Make a passkey</button>
        <p id="status" role="status" class="status"></p>
      </form>
      <noscript><p>Making a passkey needs JavaScript.</p></noscript>`,
  });
}
