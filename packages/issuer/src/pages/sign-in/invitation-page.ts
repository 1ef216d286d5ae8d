import { broughtNotice } from '../brought-notice.ts';
import { cardPage } from '../layout.ts';
import { html, type Html } from '../markup.ts';
import { notice } from '../notice.ts';
import { plainName, shownName } from '../shown-name.ts';
import type { Site } from '../site.ts';

/** What the form for an invitation shows. */
export interface InviteView {
  readonly site: Site;
  readonly name: string;
  readonly role: 'person' | 'operator';
  readonly problem?: string;
  /** It was typed before presence was proved. */
  readonly brought?: true;
}

/** What the page shows that is the only one ever to show this link. */
export interface InvitationView {
  readonly site: Site;
  readonly name: string;
  readonly link: string;
  /** For how long it works, in words. */
  readonly life: string;
}

/** Where an operator invites somebody. */
export function invitePage({ site, name, role, problem, brought }: InviteView): Html {
  const back = `${site.base}/console/accounts`;
  return cardPage({
    site,
    title: 'Invite somebody',
    main: html`${problem === undefined ? '' : notice('bad', problem)}${brought ? broughtNotice() : ''}
      <h1>Invite somebody</h1>
      <p class="lead">They get a link that works once, and make their own passkey with it.</p>
      <form class="form" method="post" action="${back}/invite">
        <div class="field">
          <label for="name">Name of the account</label>
          <input
            id="name"
            name="name"
            value="${name}"
            required
            maxlength="120"
            autocomplete="off"
            autocapitalize="none"
            aria-describedby="name-hint"
          />
          <p id="name-hint" class="hint">An address or a name, by which you both know it.</p>
        </div>
        <fieldset>
          <legend>Role</legend>
          <div class="choices">
            <label class="choice"
              ><input
                type="radio"
                name="role"
                value="person"
                ${role === 'person' ? html`checked` : ''}
              /><span>Person: sees and ends what is their own.</span></label
            >
            <label class="choice"
              ><input
                type="radio"
                name="role"
                value="operator"
                ${role === 'operator' ? html`checked` : ''}
              /><span>Operator: this console as well.</span></label
            >
          </div>
        </fieldset>
        <div class="stack">
          <button class="button primary wide">Make the link</button>
          <a class="button wide" href="${back}">Back to the accounts</a>
        </div>
      </form>`,
  });
}

/** Shows an invitation's link, once. */
export function invitationPage(view: InvitationView): Html {
  return linkPage(view, 'Invitation for');
}

/** Shows the link that recovers an account, once. */
export function recoveryLinkPage(view: InvitationView): Html {
  return linkPage(view, 'Recovery for');
}

function linkPage({ site, name, link, life }: InvitationView, what: string): Html {
  return cardPage({
    site,
    title: `${what} ${plainName(name)}`,
    main: html`<h1>${what} ${shownName(name)}</h1>
      <p class="lead">Give this link to them alone. It works once, for ${life}.</p>
      ${notice('warn', 'This is the only time it is shown. Whoever opens it first has the account.')}
      <div class="field">
        <label for="link">The link</label>
        <textarea id="link" class="code" readonly rows="4">${link}</textarea>
      </div>
      <a class="button primary wide" href="${site.base}/console/accounts">I have passed it on</a>`,
  });
}
