import { cardPage } from './layout.ts';
import { html, type Html } from './markup.ts';
import { shownName } from './shown-name.ts';
import type { Site } from './site.ts';

/** Why the page is shown again. */
export type SignInProblem =
  'not_recognised' | 'recovery_code_wrong' | 'too_many' | 'session_over' | 'signed_out';

/** What the sign-in page shows. */
export interface SignInView {
  readonly site: Site;
  /** An internal path, already checked; where the person goes once signed in. */
  readonly returnTo: string;
  /** The linked application that waits for an answer, where one does. */
  readonly application?: { readonly name: string };
  readonly problem?: SignInProblem;
}

const problems: Readonly<Record<SignInProblem, string>> = {
  not_recognised: 'That passkey is not one we know. Try another, or use a recovery code.',
  recovery_code_wrong: 'That code does not fit. Each code works once: try the next one on your list.',
  too_many: 'Too many tries in a short time. Wait a minute, then try again.',
  session_over: 'You were signed out because your session ended. Sign in to go on.',
  signed_out: 'You are signed out.',
};

/** Where a person proves a passkey, or uses up a recovery code. */
export function signInPage(view: SignInView): Html {
  const { site, returnTo, application, problem } = view;
  return cardPage({
    site,
    title: 'Sign in',
    script: 'sign-in',
    main: html`<h1>Sign in</h1>
      ${
        application === undefined
          ? html`<p class="lead">to your account at ${site.host}</p>`
          : html`<p class="lead">to go on to ${shownName(application.name)}</p>`
      }
      ${problem === undefined ? '' : html`<p class="notice" role="status">${problems[problem]}</p>`}
      <div id="passkey" data-base="${site.base}" data-return-to="${returnTo}">
        <button type="button" class="button primary wide" id="use-passkey" hidden>
          Continue with a passkey
        </button>
        <p id="status" role="status" class="status"></p>
        <noscript><p>A passkey needs JavaScript. A recovery code does not.</p></noscript>
      </div>
      <details class="fold">
        <summary>Use a recovery code</summary>
        <form method="post" action="${site.base}/sign-in/recovery">
          <input type="hidden" name="return_to" value="${returnTo}" />
          <label for="account">Account name</label>
          <input id="account" name="account" autocomplete="username" required maxlength="120" />
          <label for="code">Recovery code</label>
          <input id="code" name="code" autocomplete="off" spellcheck="false" required maxlength="64" />
          <button class="button wide">Use this code</button>
        </form>
      </details>`,
  });
}
