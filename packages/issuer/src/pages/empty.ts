import { html, type Html } from './markup.ts';
import { symbol, type SymbolName } from './symbols.ts';

/** What stands where a list has nothing: what would be there, and how it comes there. */
export function empty(of: {
  readonly symbol: SymbolName;
  readonly title: string;
  readonly text: string;
  readonly action?: { readonly href: string; readonly text: string };
}): Html {
  return html`<div class="empty">
    ${symbol(of.symbol)}
    <p class="empty-title">${of.title}</p>
    <p>${of.text}</p>
    ${of.action === undefined ? '' : html`<a class="button" href="${of.action.href}">${of.action.text}</a>`}
  </div>`;
}
