import { html, type Html } from './markup.ts';
import { pictogram } from './monogram.ts';
import { shownName } from './shown-name.ts';

/** As whom the reader is signed in. */
export function personBox({ name }: { readonly name: string }): Html {
  return html`<div class="person">
    ${pictogram('people')}
    <p><span class="fine">Signed in as</span><br />${shownName(name)}</p>
  </div>`;
}
