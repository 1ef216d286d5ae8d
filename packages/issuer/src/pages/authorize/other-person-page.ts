import { cardPage } from '../layout.ts';
import { html, type Html } from '../markup.ts';
import { personBox } from '../person-box.ts';
import { hiddenFields } from '../post-button.ts';
import { shownName } from '../shown-name.ts';
import type { Site } from '../site.ts';

/** What the page shows to somebody whom the application does not mean. */
export interface OtherPersonView {
  readonly site: Site;
  /** The handle of the stored authorization request. */
  readonly request: string;
  /** The session of whoever reads this. */
  readonly session: string;
  readonly person: { readonly name: string };
  readonly application: { readonly name: string };
}

/**
 * Says that the application knows somebody else (`id_token_hint`), and asks what to do; not whom it knows, which is
 * nobody else's business. Fields: `request`, `session`, `decision` = `switch` or `back`.
 */
export function otherPersonPage({ site, request, session, person, application }: OtherPersonView): Html {
  return cardPage({
    site,
    title: 'Another account is expected',
    main: html`<h1>Another account is expected</h1>
      <p class="lead">
        ${shownName(application.name)} asks for an account other than the one you are signed in with here.
        Nothing was allowed.
      </p>
      ${personBox(person)}
      <form class="stack" method="post" action="${site.base}/authorize/person">
        ${hiddenFields({ request, session })}
        <button class="button primary wide" name="decision" value="switch">
          Sign out, and use the other account
        </button>
        <button class="button wide" name="decision" value="back">Go back to the application</button>
      </form>`,
  });
}
