import { brandSign } from '../brand.ts';
import { cardPage } from '../layout.ts';
import { html, type Html } from '../markup.ts';
import { mark } from '../mark.ts';
import { span } from '../moment.ts';
import { monogram } from '../monogram.ts';
import { notice } from '../notice.ts';
import { personBox } from '../person-box.ts';
import { hiddenFields } from '../post-button.ts';
import { plainName, shownHost, shownName } from '../shown-name.ts';
import type { Site } from '../site.ts';
import { symbol } from '../symbols.ts';

/** One thing a linked application asks to be allowed. */
export interface AskedScope {
  readonly audience: string;
  readonly scope: string;
  /** What it means, in the operator's words (`scopeWords`); `null` where nobody has said it. */
  readonly words: string | null;
  /** Whether the person allowed it before. */
  readonly allowed: boolean;
}

/** What the consent page shows. */
export interface ConsentView {
  readonly site: Site;
  /** The handle of the stored authorization request. */
  readonly request: string;
  /** The session of whoever is asked: the answer is his, even if somebody else signs in meanwhile. */
  readonly session: string;
  readonly person: { readonly name: string };
  readonly application: {
    readonly id: string;
    readonly name: string;
    readonly by: 'operator' | 'dynamic' | 'document';
    /** Whether it may act without proving a key. */
    readonly bearer: boolean;
  };
  readonly asked: readonly AskedScope[];
  readonly redirectUri: string;
  /** How long it stays signed in at most, and unused; in seconds. */
  readonly lasts: { readonly absolute: number; readonly idle: number };
}

/** Where a person says whether a linked application may act for them. Fields: `request`, `session`, `decision` = `allow` or `refuse`. */
export function consentPage(view: ConsentView): Html {
  const { site, request, session, person, application, asked, redirectUri, lasts } = view;
  return cardPage({
    site,
    title: `Allow ${plainName(application.name)}?`,
    main: html`<div class="pair">
        ${monogram(application)}${symbol('arrows')}<span class="monogram tone-none" aria-hidden="true"
          >${brandSign()}</span
        >
      </div>
      <h1 class="center">Allow ${shownName(application.name)}?</h1>
      ${registeredBy(application)}
      <div class="stack">
        <h2>It would be able to</h2>
        <ul class="asked">
          ${asked.map(askedRow)}
        </ul>
      </div>
      <dl class="terms">
        <div>
          <dt>For how long</dt>
          <dd>${howLong(application, lasts)}</dd>
        </div>
        <div>
          <dt>You will be sent to</dt>
          <dd>${shownHost(redirectUri)}</dd>
        </div>
      </dl>
      ${personBox(person)}
      <form class="stack" method="post" action="${site.base}/authorize/consent">
        ${hiddenFields({ request, session })}
        <div class="two">
          <button class="button wide" name="decision" value="refuse">Refuse</button>
          <button class="button primary wide" name="decision" value="allow">Allow</button>
        </div>
        <button
          class="button quiet wide"
          formaction="${site.base}/authorize/person"
          name="decision"
          value="switch"
        >
          Not you? Sign out, and use another account
        </button>
      </form>
      <p class="fine center">You can end this at any time on your account page, for good and at once.</p>`,
  });
}

/** As `consent-life.ts` has it. */
function howLong({ bearer }: ConsentView['application'], { absolute, idle }: ConsentView['lasts']): Html {
  const most = html`${span(absolute * 1_000_000)}, or unused for ${span(idle * 1_000_000)}`;
  return bearer
    ? html`Until you end it, five minutes at a time; unused for longer it has to ask again. If it proves a key
      of its own: signed in for at most ${most}.`
    : html`Until you end it. It signs in again after ${most}, and asks you again once it was not used for
      ${span(absolute * 1_000_000)}.`;
}

function askedRow({ scope, audience, words, allowed }: AskedScope): Html {
  return html`<li>
    ${symbol('check')}
    <div>
      ${words ?? html`Use <code>${plainName(scope)}</code> (no description given)`}
      ${allowed ? mark('plain', 'allowed before') : ''}
      <span class="fine">at ${shownHost(audience)}</span>
    </div>
  </li>`;
}

/** A name can be anything: what cannot be made up is who brought the application here. */
function registeredBy({ id, by }: ConsentView['application']): Html {
  switch (by) {
    case 'operator':
      return html`<p class="soft center">Registered here by the operator.</p>`;
    case 'dynamic':
      return notice(
        'warn',
        html`<p>
          <strong>This application registered itself.</strong> Nobody here has looked at it, and its name is
          its own word. Go on only if you have just started this yourself.
        </p>`,
      );
    case 'document':
      return notice(
        'warn',
        html`<p>
          <strong>Nobody here has looked at this application.</strong> It is whoever runs ${shownHost(id)}. Go
          on only if you trust that name.
        </p>`,
      );
  }
}
