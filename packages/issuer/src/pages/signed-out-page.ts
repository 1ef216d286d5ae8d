import { cardPage } from './layout.ts';
import { html, type Html } from './markup.ts';
import { shownName } from './shown-name.ts';
import type { Site } from './site.ts';

/** What the page after a sign-out shows. */
export interface SignedOutView {
  readonly site: Site;
  /** Where a linked application wants the person back; already compared with what it registered. */
  readonly next?: { readonly href: string; readonly name: string };
}

/** What a person sees who has signed out. */
export function signedOutPage({ site, next }: SignedOutView): Html {
  return cardPage({
    site,
    title: 'Signed out',
    main: html`<h1>You are signed out</h1>
      <p class="lead">
        This browser’s session has ended for good. Whoever uses the browser next starts from nothing.
      </p>
      <div class="stack">
        ${
          next === undefined || !isWebAddress(next.href)
            ? ''
            : html`<a class="button primary wide" href="${next.href}">Back to ${shownName(next.name)}</a>`
        }
        <a class="button wide" href="${site.base}/sign-in">Sign in again</a>
      </div>`,
  });
}

/** A link that a person follows from here leads to a web page, whatever was registered. */
function isWebAddress(href: string): boolean {
  return ['https:', 'http:'].includes(URL.parse(href)?.protocol ?? '');
}
