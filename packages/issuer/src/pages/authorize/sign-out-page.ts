import { cardPage } from '../layout.ts';
import { html, type Html } from '../markup.ts';
import { personBox } from '../person-box.ts';
import { hiddenFields } from '../post-button.ts';
import { shownHost, shownName } from '../shown-name.ts';
import type { Site } from '../site.ts';

/** What the page before a sign-out shows. */
export interface SignOutView {
  readonly site: Site;
  /** Left out where no cookie said who it is. */
  readonly person?: { readonly name: string };
  readonly application?: {
    readonly name: string;
    /** Where it wants the person afterwards; already compared with what it registered. */
    readonly next?: string;
  };
  /** Where the form goes, and what it brings. */
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Asks before a person is signed out at an application's word (OpenID Connect RP-Initiated Logout section 2). */
export function signOutPage({ site, person, application, action, fields }: SignOutView): Html {
  return cardPage({
    site,
    title: 'Sign out?',
    main: html`<h1>Sign out?</h1>
      <p class="lead">
        ${
          application === undefined
            ? person === undefined
              ? 'Whatever session this browser has here ends for good.'
              : 'Your session in this browser ends for good.'
            : html`${shownName(application.name)} asks to sign you out here as well.
              ${
                application.next === undefined
                  ? ''
                  : html`You will be sent to ${shownHost(application.next)}.`
              }`
        }
      </p>
      ${person === undefined ? '' : personBox(person)}
      <div class="stack">
        <form method="post" action="${action}">
          ${hiddenFields(fields)}<button class="button primary wide">Sign out</button>
        </form>
        <a class="button wide" href="${site.base}/account">Stay signed in</a>
      </div>`,
  });
}
