import { cardPage } from '../layout.ts';
import { html, type Html } from '../markup.ts';
import type { Site } from '../site.ts';

/** What the page after a sign-out shows. */
export interface SignedOutView {
  readonly site: Site;
}

/** What a person sees who has signed out. */
export function signedOutPage({ site }: SignedOutView): Html {
  return cardPage({
    site,
    title: 'Signed out',
    main: html`<h1>You are signed out</h1>
      <p class="lead">
        This browser’s session has ended for good. Whoever uses the browser next starts from nothing.
      </p>
      <div class="stack">
        <a class="button wide" href="${site.base}/sign-in">Sign in again</a>
      </div>`,
  });
}
