import type { Html } from './markup.ts';
import { html } from './markup.ts';
import { cardPage } from './layout.ts';
import { hiddenFields } from './post-button.ts';
import type { Site } from './site.ts';

/** What a page asks before something is done that cannot be undone. */
export interface ConfirmView {
  readonly site: Site;
  readonly title: string;
  readonly text: Html | string;
  readonly action: string;
  readonly button: string;
  readonly look?: 'danger' | 'plain';
  readonly fields?: Readonly<Record<string, string>>;
  /** Where to go instead: an internal path. */
  readonly back: string;
}

/** Asks once more. */
export function confirmPage(view: ConfirmView): Html {
  const { site, title, text, action, button, look = 'danger', fields = {}, back } = view;
  return cardPage({
    site,
    title,
    main: html`<h1>${title}</h1>
      <div class="lead">${typeof text === 'string' ? html`<p>${text}</p>` : text}</div>
      <div class="stack">
        <form method="post" action="${action}">
          ${hiddenFields(fields)}
          <button class="button wide primary ${look === 'danger' ? 'danger' : ''}">${button}</button>
        </form>
        <a class="button wide" href="${back}">Cancel</a>
      </div>`,
  });
}
