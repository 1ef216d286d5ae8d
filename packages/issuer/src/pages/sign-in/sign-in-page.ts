import { cardPage } from '../layout.ts';
import { html, type Html } from '../markup.ts';
import { notice } from '../notice.ts';
import { passkeyButton } from './passkey-button.ts';
import { hiddenFields } from '../post-button.ts';
import { plainName, shownName } from '../shown-name.ts';
import type { Site } from '../site.ts';

/** Why the page is shown again. */
export type SignInProblem = 'recovery_code_wrong' | 'too_many' | 'session_over';

/** What the sign-in page shows. */
export interface SignInView {
  readonly site: Site;
  /** An internal path, already checked; where the person goes once signed in. */
  readonly returnTo: string;
  /** The linked application that waits for an answer, where one does, and whom it says it expects. */
  readonly application?: { readonly name: string; readonly loginHint: string | null };
  readonly problem?: SignInProblem;
}

const problems: Readonly<Record<SignInProblem, readonly ['plain' | 'bad', string]>> = {
  recovery_code_wrong: [
    'bad',
    'That name and code do not fit. Each code works once: try the next one on your list.',
  ],
  too_many: ['bad', 'Too many tries in a short time. Wait a minute, then try again.'],
  session_over: [
    'plain',
    'Your session has ended, and nothing of what you sent was done. Sign in, and do it again.',
  ],
};

/** Where a person proves a passkey, or uses up a recovery code. */
export function signInPage(view: SignInView): Html {
  const { site, returnTo, application, problem } = view;
  return cardPage({
    site,
    title: 'Sign in',
    script: 'prove',
    main: html`${problem === undefined ? '' : notice(...problems[problem])}
      <h1>Sign in</h1>
      <p class="lead">
        ${
          application === undefined
            ? 'Your device proves that it is you. There is no password.'
            : html`to go on to ${shownName(application.name)}`
        }
      </p>
      ${expected(view)}
      ${passkeyButton({
        at: `${site.base}/sign-in`,
        returnTo,
        label: 'Continue with a passkey',
        proved: 'Signing you in…',
        unable: 'This browser has no passkeys. Use a recovery code, or another browser.',
        withoutScript: [
          'plain',
          'Passkeys need JavaScript, which is off here. So does the new passkey that a recovery code leads to: switch it on first.',
        ],
      })}
      <details ${problem === 'recovery_code_wrong' ? html`open` : ''}>
        <summary>Lost your passkey?</summary>
        ${recoveryForm(view)}
      </details>`,
  });
}

/** As much of a name as a page shows. */
const longestHint = 80;

/**
 * Whom the application expects: its word, and no more than text. Nobody looks whether there is such an account, or the
 * page would tell.
 */
function hintOf({ application }: SignInView): string | undefined {
  const hint = application?.loginHint ?? '';
  return hint === '' || hint.length > longestHint ? undefined : plainName(hint);
}

function expected(view: SignInView): Html | string {
  const hint = hintOf(view);
  return hint === undefined ? '' : html`<p class="soft">It expects ${shownName(hint)}.</p>`;
}

function recoveryForm(view: SignInView): Html {
  const { site, returnTo } = view;
  return html`<form class="form" method="post" action="${site.base}/sign-in/recovery">
    <p class="soft">
      Use one of the recovery codes that you kept when you made your account. Each works once, and opens the
      account so that you can add a new passkey.
    </p>
    ${hiddenFields({ return_to: returnTo })}
    <div class="field">
      <label for="account">Account name</label>
      <input
        id="account"
        name="account"
        value="${hintOf(view) ?? ''}"
        autocomplete="username"
        autocapitalize="none"
        required
        maxlength="120"
      />
    </div>
    <div class="field">
      <label for="code">Recovery code</label>
      <input
        id="code"
        name="code"
        class="code"
        autocomplete="one-time-code"
        autocapitalize="characters"
        spellcheck="false"
        required
        maxlength="64"
      />
    </div>
    <button class="button wide">Use this code</button>
  </form>`;
}
