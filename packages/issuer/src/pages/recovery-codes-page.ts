import { cardPage } from './layout.ts';
import { html, type Html } from './markup.ts';
import type { Site } from './site.ts';

/** What the page shows that is the only one ever to show these codes. */
export interface RecoveryCodesView {
  readonly site: Site;
  readonly codes: readonly string[];
  /** An internal path. */
  readonly next: string;
}

/** Shows new recovery codes, once. */
export function recoveryCodesPage({ site, codes, next }: RecoveryCodesView): Html {
  return cardPage({
    site,
    title: 'Your recovery codes',
    main: html`<h1>Your recovery codes</h1>
      <p class="lead">Each opens your account once if your passkeys are lost. They are shown only now.</p>
      <ol class="codes">
        ${codes.map((code) => html`<li><code>${code}</code></li>`)}
      </ol>
      <a class="button primary wide" href="${next}">I have kept them</a>`,
  });
}
