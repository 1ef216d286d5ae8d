import { html, type Html } from '../markup.ts';
import { mark } from '../mark.ts';
import { moment } from '../moment.ts';
import { pictogram } from '../monogram.ts';
import { plainName, shownName } from '../shown-name.ts';

/** A passkey as its person sees it. */
export interface ShownPasskey {
  readonly id: string;
  readonly name: string;
  /** Whether a password manager keeps copies on other devices. */
  readonly backedUp: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

interface Of {
  readonly base: string;
  readonly now: number;
  readonly passkeys: readonly ShownPasskey[];
  /** How many are left: with one the last passkey can go as well. */
  readonly recoveryCodes: number;
}

/** The passkeys of an account: add, rename, remove. */
export function accountPasskeys(of: Of): Html {
  return html`<section class="section" id="passkeys" aria-labelledby="passkeys-title">
    <header>
      <h2 id="passkeys-title">Passkeys</h2>
      <p class="soft">
        What proves that it is you.
        ${of.passkeys.length === 1 ? 'Add a second one on another device: a lost phone then locks nobody out.' : ''}
      </p>
    </header>
    <div class="panel">
      <ul class="rows">
        ${of.passkeys.map((passkey) => passkeyRow(passkey, of))}
      </ul>
      <div class="panel-foot">
        <form id="add-passkey" class="inline-form" data-base="${of.base}" hidden>
          <div class="field">
            <label for="passkey-name">Name of a new passkey</label>
            <input id="passkey-name" name="name" required maxlength="60" autocomplete="off" />
          </div>
          <button class="button">Add a passkey</button>
        </form>
        <p id="status" role="status" class="status"></p>
        <noscript><p class="soft">Adding a passkey needs JavaScript, which is off here.</p></noscript>
      </div>
    </div>
  </section>`;
}

function passkeyRow({ id, name, backedUp, createdAt, lastUsedAt }: ShownPasskey, of: Of): Html {
  const path = `${of.base}/account/passkeys/${encodeURIComponent(id)}`;
  return html`<li>
    ${pictogram('key')}
    <div class="row-main">
      <div class="row-title">
        <h3>${shownName(name)}</h3>
        ${mark('plain', backedUp ? 'synced' : 'on one device')}
      </div>
      <p class="facts">
        <span>Added ${moment(createdAt, of.now)}</span>
        <span>${lastUsedAt === null ? 'Never used' : html`Last used ${moment(lastUsedAt, of.now)}`}</span>
      </p>
      <details>
        <summary>Rename<span class="unseen"> ${plainName(name)}</span></summary>
        <form class="inline-form" method="post" action="${path}/name">
          <div class="field">
            <label for="name-${id}">New name</label>
            <input
              id="name-${id}"
              name="name"
              value="${plainName(name)}"
              required
              maxlength="60"
              autocomplete="off"
            />
          </div>
          <button class="button">Change the name</button>
        </form>
      </details>
    </div>
    <div class="row-actions">
      ${
        of.passkeys.length === 1 && of.recoveryCodes === 0
          ? ''
          : html`<a class="button small" href="${path}/remove"
              >Remove<span class="unseen"> ${plainName(name)}</span></a
            >`
      }
    </div>
  </li>`;
}
