import { broughtNotice } from './brought-notice.ts';
import { cardPage } from './layout.ts';
import { html, type Html } from './markup.ts';
import { notice } from './notice.ts';
import type { Site } from './site.ts';

/** What the form for another name shows. */
export interface NameView {
  readonly site: Site;
  /** Whose account it is. */
  readonly whose: 'own' | 'other';
  readonly name: string;
  readonly problem?: string;
  /** It was typed before presence was proved. */
  readonly brought?: true;
  readonly action: string;
  readonly back: string;
}

/** Where an account gets another name. */
export function namePage({ site, whose, name, problem, brought, action, back }: NameView): Html {
  const title = whose === 'own' ? 'Change your name' : 'Rename this account';
  return cardPage({
    site,
    title,
    main: html`${problem === undefined ? '' : notice('bad', problem)}${brought ? broughtNotice() : ''}
      <h1>${title}</h1>
      <p class="lead">
        Sessions and linked applications go on.
        ${whose === 'own' ? 'From now on you type' : 'Tell the person: from now on they type'} the new name
        together with a recovery code. A device may go on showing the old one beside a passkey.
      </p>
      <form class="form" method="post" action="${action}">
        <div class="field">
          <label for="name">Name</label>
          <input
            id="name"
            name="name"
            value="${name}"
            required
            maxlength="120"
            autocomplete="off"
            autocapitalize="none"
          />
        </div>
        <div class="stack">
          <button class="button primary wide">Change the name</button>
          <a class="button wide" href="${back}">Cancel</a>
        </div>
      </form>`,
  });
}
