import { cardPage } from '../layout.ts';
import { html, type Html } from '../markup.ts';
import { notice } from '../notice.ts';
import { shownName } from '../shown-name.ts';
import type { Site } from '../site.ts';

/** What the page shows that is the only one ever to show these codes. */
export interface RecoveryCodesView {
  readonly site: Site;
  readonly person: { readonly name: string };
  readonly codes: readonly string[];
  /** An internal path. */
  readonly next: string;
}

/** Shows new recovery codes, once. */
export function recoveryCodesPage({ site, person, codes, next }: RecoveryCodesView): Html {
  return cardPage({
    site,
    title: 'Your recovery codes',
    script: 'codes',
    main: html`<h1>Your recovery codes</h1>
      <p class="lead">Each opens your account once, should your passkeys be lost.</p>
      ${notice('warn', 'This is the only time they are shown. We keep what recognises them, not the codes.')}
      <p>For ${shownName(person.name)} at ${site.host}: each is typed together with this name.</p>
      <ol
        id="codes"
        class="codes"
        aria-label="Recovery codes"
        data-title="Recovery codes for ${person.name} at ${site.host}"
        data-file="recovery-codes-${site.host.replaceAll(/[^a-z0-9.-]/g, '-')}.txt"
      >
        ${codes.map((code) => html`<li><code>${code}</code></li>`)}
      </ol>
      <div>
        <div id="keep-codes" class="keep" hidden>
          <button type="button" class="button" id="copy-codes">Copy</button>
          <button type="button" class="button" id="save-codes">Download as text</button>
        </div>
        <p id="status" role="status" class="status"></p>
      </div>
      <p class="soft">
        Print this page, or put them into a password manager. Codes that you made before have stopped working.
      </p>
      <a class="button primary wide" href="${next}">I have kept them</a>`,
  });
}
