import { html, type Html } from './markup.ts';
import { plainName } from './shown-name.ts';
import { symbol, type SymbolName } from './symbols.ts';

const tones = 6;

/** The first letter of a name on a colour that its id chooses; a picture for the eye alone. */
export function monogram({ id, name }: { readonly id: string; readonly name: string }): Html {
  const letter = /[\p{L}\p{N}]/u.exec(plainName(name))?.[0] ?? '?';
  const tone =
    Array.from(id).reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973, 7) % tones;
  return html`<span class="monogram tone-${tone}" aria-hidden="true"
    >${letter.toLocaleUpperCase('en')}</span
  >`;
}

/** The same place in a row, with a symbol. */
export function pictogram(name: SymbolName): Html {
  return html`<span class="monogram tone-none" aria-hidden="true">${symbol(name)}</span>`;
}
