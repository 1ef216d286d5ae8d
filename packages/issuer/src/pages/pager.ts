import { html, type Html } from './markup.ts';

/** How a long list goes on. */
export interface Pages {
  /** The first page, where this is a later one. */
  readonly newest?: string;
  /** The next page, where there is one. */
  readonly older?: string;
}

/** Links to the other pages of a list; nothing where it has one. */
export function pager(
  { newest, older }: Pages,
  words: { readonly newest: string; readonly older: string },
): Html {
  if (newest === undefined && older === undefined) return html``;
  return html`<nav class="pager" aria-label="Pages">
    ${newest === undefined ? '' : html`<a class="button small" href="${newest}">${words.newest}</a>`}
    ${older === undefined ? '' : html`<a class="button small" href="${older}">${words.older}</a>`}
  </nav>`;
}
