import { html, type Html } from './markup.ts';

/** The sign of the house: a token broken in two, whose halves fit each other and nothing else. */
export function brandSign(): Html {
  return html`<svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <path class="half" d="M14.5 2.6A13.5 13.5 0 0 0 13 29.2l-2.5-5.7 5-4.5-5-4.5 5-4.5z" />
    <path class="half" d="M18.5 2.7A13.5 13.5 0 0 1 17.5 29.4l-3-5.9 5-4.5-5-4.5 5-4.5z" />
  </svg>`;
}
