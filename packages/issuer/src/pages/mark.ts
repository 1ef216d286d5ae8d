import { html, type Html } from './markup.ts';

/** How a mark is coloured; its words say the same. */
export type Tone = 'good' | 'warn' | 'bad' | 'accent' | 'plain';

/** A word or two beside a name. */
export function mark(tone: Tone, text: string): Html {
  return html`<span class="mark ${tone}">${text}</span>`;
}
