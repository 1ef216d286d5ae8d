import { html, type Html } from '../markup.ts';
import { notice } from '../notice.ts';
import { symbol } from '../symbols.ts';

/** Where a passkey is proved, and the words for it. */
export interface PasskeyButtonView {
  /** The path under which `/options` and `/verify` lie. */
  readonly at: string;
  /** An internal path, already checked. */
  readonly returnTo: string;
  readonly label: string;
  /** Said while the proof is on its way. */
  readonly proved: string;
  /** Said in a browser without passkeys. */
  readonly unable: string;
  readonly withoutScript: readonly ['plain' | 'warn', string];
}

/** The button with which a person proves a passkey; the script of its page is `prove`. */
export function passkeyButton(view: PasskeyButtonView): Html {
  const { at, returnTo, label, proved, unable, withoutScript } = view;
  return html`<div
    id="passkey"
    data-at="${at}"
    data-return-to="${returnTo}"
    data-proved="${proved}"
    data-unable="${unable}"
  >
    <button type="button" class="button primary wide" id="use-passkey" hidden>
      ${symbol('finger')}${label}
    </button>
    <p id="status" role="status" class="status"></p>
    <noscript>${notice(...withoutScript)}</noscript>
  </div>`;
}
