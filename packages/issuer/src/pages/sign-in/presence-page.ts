import { cardPage } from '../layout.ts';
import { html, type Html } from '../markup.ts';
import { passkeyButton } from './passkey-button.ts';
import { personBox } from '../person-box.ts';
import { hiddenFields, postButton } from '../post-button.ts';
import { shownName } from '../shown-name.ts';
import type { Site } from '../site.ts';

/** What the presence page shows. */
export interface PresenceView {
  readonly site: Site;
  /** An internal path, already checked. */
  readonly returnTo: string;
  readonly person: { readonly name: string; readonly sid: string };
  /** The linked application that asks for it; left out where one of our own pages does. */
  readonly application?: { readonly name: string; readonly request: string };
  /** A form that was sent when presence had run out: what was typed, and where it goes back to. */
  readonly typed?: { readonly action: string; readonly fields: Readonly<Record<string, string>> };
}

/** Where somebody who is signed in proves that it is still them. */
export function presencePage({ site, returnTo, person, application, typed }: PresenceView): Html {
  return cardPage({
    site,
    title: 'Is it still you?',
    script: 'prove',
    main: html`<h1>Is it still you?</h1>
      <p class="lead">
        ${
          application === undefined
            ? html`What comes next matters, so your passkey is asked for once
              more.${typed === undefined ? '' : ' What you typed is kept, and comes back with you.'}`
            : html`Your passkey is asked for once more before ${shownName(application.name)} goes on.`
        }
      </p>
      ${personBox(person)}
      ${passkeyButton({
        at: `${site.base}/presence`,
        returnTo,
        label: 'Use your passkey',
        proved: 'Thank you. Going on…',
        unable: 'This browser has no passkeys. Open this page in the browser you signed in with.',
        withoutScript: ['warn', 'A passkey needs JavaScript, which is off here.'],
      })}
      ${
        typed === undefined
          ? ''
          : html`<form id="typed" method="post" action="${typed.action}">${hiddenFields(typed.fields)}</form>`
      }
      ${notNow({ site, person, application })}`,
  });
}

/** Where an application waits, it is told, and the person is back with it. */
function notNow({
  site,
  person,
  application,
}: Pick<PresenceView, 'site' | 'person'> & {
  readonly application: PresenceView['application'] | undefined;
}): Html {
  if (application === undefined)
    return html`<p class="center"><a href="${site.base}/account">Not now: back to your account</a></p>`;
  return postButton({
    action: `${site.base}/authorize/person`,
    text: 'Not now: back to the application',
    ...{ look: 'quiet', size: 'wide' },
    fields: { request: application.request, session: person.sid, decision: 'back' },
  });
}
