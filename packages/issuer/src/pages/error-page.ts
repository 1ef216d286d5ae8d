import { cardPage } from './layout.ts';
import { html, type Html } from './markup.ts';
import type { Site } from './site.ts';

/** What an error page shows. */
export interface ErrorView {
  readonly site: Site;
  /** One line: what happened. */
  readonly title: string;
  /** What it means, and what to do next. */
  readonly text: Html | string;
  /** The precise code, for whoever helps. */
  readonly code?: string;
  /** Where to go on: an internal path. */
  readonly next?: { readonly href: string; readonly text: string };
}

/** What a person sees when a request cannot be answered and nobody can be sent back. */
export function errorPage({ site, title, text, code, next }: ErrorView): Html {
  return cardPage({
    site,
    title,
    main: html`<h1>${title}</h1>
      <p class="lead">${text}</p>
      ${next === undefined ? '' : html`<a class="button primary wide" href="${next.href}">${next.text}</a>`}
      ${code === undefined ? '' : html`<p class="fine">For whoever helps you: <code>${code}</code></p>`}`,
  });
}
