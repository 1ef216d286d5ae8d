import { cardPage } from '../layout.ts';
import { html, type Html } from '../markup.ts';
import { hiddenFields } from '../post-button.ts';
import { shownHost } from '../shown-name.ts';
import type { Site } from '../site.ts';

/** What the page carries to an application. */
export interface FormPostView {
  readonly site: Site;
  /** The redirect URI, already checked. */
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Brings an answer to an application in the body of a form, so that it stands in no address (OAuth 2.0 Form Post
 * Response Mode). A script sends it on; where scripts are off, the person does.
 */
export function formPostPage({ site, action, fields }: FormPostView): Html {
  return cardPage({
    site,
    title: 'Back to the application',
    script: 'form-post',
    main: html`<h1>Back to the application</h1>
      <p class="lead">You are on your way to ${shownHost(action)}.</p>
      <form class="stack" method="post" action="${action}">
        ${hiddenFields(fields)}<button class="button primary wide">Continue</button>
      </form>`,
  });
}
