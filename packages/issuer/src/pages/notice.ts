import { html, type Html } from './markup.ts';
import { symbol } from './symbols.ts';

const symbols = { good: 'check', warn: 'alert', bad: 'stop', plain: 'info' } as const;

/** What somebody has to know before the rest of the page; readers hear it first. */
export function notice(tone: keyof typeof symbols, content: Html | string): Html {
  const role = tone === 'bad' ? 'alert' : 'status';
  return html`<div class="notice fresh ${tone}" role="${role}">
    ${symbol(symbols[tone])}
    <div>${typeof content === 'string' ? html`<p>${content}</p>` : content}</div>
  </div>`;
}
