import { cardPage } from './layout.ts';
import { html, type Html } from './markup.ts';
import { shownName } from './shown-name.ts';
import type { Site } from './site.ts';

/** One thing a linked application asks to be allowed. */
export interface AskedScope {
  readonly audience: string;
  readonly scope: string;
  /** What it means, in the operator's words; `null` where nobody has said it. */
  readonly words: string | null;
  /** Whether the person allowed it before. */
  readonly allowed: boolean;
}

/** What the consent page shows. */
export interface ConsentView {
  readonly site: Site;
  /** The handle of the stored authorization request. */
  readonly request: string;
  readonly person: { readonly name: string };
  readonly application: {
    readonly id: string;
    readonly name: string;
    readonly by: 'operator' | 'dynamic' | 'document';
  };
  readonly asked: readonly AskedScope[];
  readonly redirectUri: string;
  /** How long at most, and how long unused, until it has to ask again; in seconds. */
  readonly lasts: { readonly absolute: number; readonly idle: number };
}

/** Where a person says whether a linked application may act for them. Fields: `request`, `decision` = `allow` or `refuse`. */
export function consentPage(view: ConsentView): Html {
  const { site, request, person, application, asked, redirectUri } = view;
  return cardPage({
    site,
    title: 'Allow access?',
    main: html`<h1>Allow ${shownName(application.name)}?</h1>
      <p>Signed in as ${shownName(person.name)}.</p>
      <ul>
        ${asked.map(({ scope, audience, words }) => html`<li>${words ?? scope} <small>${audience}</small></li>`)}
      </ul>
      <p>You will be sent to ${shownName(redirectUri)}.</p>
      <form method="post" action="${site.base}/authorize/consent">
        <input type="hidden" name="request" value="${request}" />
        <button class="button primary" name="decision" value="allow">Allow</button>
        <button class="button" name="decision" value="refuse">Refuse</button>
      </form>`,
  });
}
