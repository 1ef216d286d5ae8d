import { html, type Html } from './markup.ts';

const paths = {
  check: html`<path d="m4.5 12.5 5 5 10-11" />`,
  alert: html`<path d="M12 3.5 21.5 20h-19zM12 10v4.5M12 17.4v.1" />`,
  stop: html`<circle cx="12" cy="12" r="9" /><path d="m8.5 8.5 7 7m0-7-7 7" />`,
  info: html`<circle cx="12" cy="12" r="9" /><path d="M12 11v5.5M12 7.6v.1" />`,
  key: html`<circle cx="8" cy="12" r="4.5" /> <path d="M12.5 12H21.5v3.5M18 12v2.5" />`,
  laptop: html`<rect x="4.5" y="5" width="15" height="10.5" rx="1.5" /> <path d="M2.5 19h19" />`,
  phone: html`<rect x="7" y="2.5" width="10" height="19" rx="2.2" /> <path d="M11 18.5h2" />`,
  link: html`<path
    d="M10 14a4 4 0 0 0 5.7 0l3.3-3.3a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0L5 13.3A4 4 0 0 0 10.7 19l1.3-1.3"
  />`,
  arrows: html`<path d="M4 9h14l-3.5-3.5M20 15H6l3.5 3.5" />`,
  shield: html`<path d="M12 3 5 5.8v5.7c0 4.3 3 7.7 7 9.5 4-1.8 7-5.2 7-9.5V5.8z" />`,
  people: html`<circle cx="12" cy="8.5" r="3.8" /> <path d="M4.5 20.5c.8-4 3.8-6 7.5-6s6.7 2 7.5 6" />`,
  list: html`<path d="M8.5 6.5h12M8.5 12h12M8.5 17.5h12M4 6.5h.1M4 12h.1M4 17.5h.1" />`,
  finger: html`<path
    d="M7 18.5c1-2 1.2-4 1.2-6a3.8 3.8 0 0 1 7.6 0c0 3-.3 5.5-1.3 8M12 12.5c0 3-.4 5.8-1.7 8.3M4.6 15.5c.4-1 .6-2 .6-3a6.8 6.8 0 0 1 13.6 0c0 1.7-.1 3.3-.4 4.8M6 5.8A8.9 8.9 0 0 1 12 3.5c2.3 0 4.4.9 6 2.3"
  />`,
} as const;

/** The pictures beside words; none says anything that the words do not. */
export type SymbolName = keyof typeof paths;

/** A small line drawing, hidden from readers of the text. */
export function symbol(name: SymbolName): Html {
  return html`<svg
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.75"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    ${paths[name]}
  </svg>`;
}
