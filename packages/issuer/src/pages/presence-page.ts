import { cardPage } from './layout.ts';
import { html, type Html } from './markup.ts';
import { notice } from './notice.ts';
import { personBox } from './person-box.ts';
import { shownName } from './shown-name.ts';
import type { Site } from './site.ts';
import { symbol } from './symbols.ts';

/** What the presence page shows. */
export interface PresenceView {
  readonly site: Site;
  /** An internal path, already checked. */
  readonly returnTo: string;
  readonly person: { readonly name: string };
  /** The linked application that asks for it; left out where one of our own pages does. */
  readonly application?: { readonly name: string };
}

/** Where somebody who is signed in proves that it is still them. */
export function presencePage({ site, returnTo, person, application }: PresenceView): Html {
  return cardPage({
    site,
    title: 'Is it still you?',
    script: 'presence',
    main: html`<h1>Is it still you?</h1>
      <p class="lead">
        ${
          application === undefined
            ? 'What comes next matters, so your passkey is asked for once more.'
            : html`${shownName(application.name)} asks for your passkey once more before it goes on.`
        }
      </p>
      ${personBox(person)}
      <div id="passkey" data-base="${site.base}" data-return-to="${returnTo}">
        <button type="button" class="button primary wide" id="use-passkey" hidden>
          ${symbol('finger')}Use your passkey
        </button>
        <p id="status" role="status" class="status"></p>
        <noscript>${notice('warn', 'A passkey needs JavaScript, which is off here.')}</noscript>
      </div>
      <p class="center"><a href="${site.base}/account">Not now: back to your account</a></p>`,
  });
}
