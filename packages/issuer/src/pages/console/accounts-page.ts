import { consolePage, type ConsoleView } from './frame.ts';
import { empty } from '../empty.ts';
import { html, type Html } from '../markup.ts';
import { mark } from '../mark.ts';
import { count, moment } from '../moment.ts';
import { pictogram } from '../monogram.ts';
import { postButton } from '../post-button.ts';
import { pager, type Pages } from '../pager.ts';
import { plainName, shownName } from '../shown-name.ts';

/** An account as an operator sees it. */
export interface ShownAccount {
  readonly subject: string;
  readonly name: string;
  readonly role: 'person' | 'operator';
  readonly enabled: boolean;
  readonly passkeys: number;
  readonly applications: number;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** An invitation that nobody has used; its link is kept nowhere. */
export interface ShownInvitation {
  readonly name: string;
  readonly role: 'person' | 'operator';
  readonly expiresAt: number;
}

/** What the page of accounts shows. */
export interface AccountsView extends ConsoleView {
  readonly search: string;
  readonly accounts: readonly ShownAccount[];
  /** The newest 100, on the first page. */
  readonly invitations: readonly ShownInvitation[];
  readonly pages: Pages;
  /** The subject of who reads it: nobody shuts himself out. */
  readonly self: string;
}

/** People. */
export function accountsPage(view: AccountsView): Html {
  const { site, search, accounts } = view;
  const path = `${site.base}/console/accounts`;
  return consolePage(view, {
    room: 'accounts',
    title: 'Accounts',
    lead: 'People who sign in here with a passkey.',
    action: html`<a class="button primary" href="${path}/invite">Invite somebody</a>`,
    main: html`<form class="panel padded search" method="get" action="${path}" role="search">
        <div class="field">
          <label for="search">Name begins with</label>
          <input
            id="search"
            name="search"
            value="${search}"
            maxlength="120"
            autocomplete="off"
            type="search"
          />
        </div>
        <div class="actions"><button class="button">Search</button></div>
      </form>
      ${invitationList(view)}
      <div class="panel">
        ${
          accounts.length === 0
            ? empty(
                search === ''
                  ? {
                      symbol: 'people',
                      title: 'No account yet',
                      text: 'Invite the first person: they get a link that works once.',
                    }
                  : {
                      symbol: 'people',
                      title: 'Nobody found',
                      text: 'No account’s name begins like this.',
                      action: { href: path, text: 'Show all' },
                    },
              )
            : html`<ul class="rows">
                ${accounts.map((account) => accountRow(account, view))}
              </ul>`
        }
      </div>
      ${pager(view.pages, { newest: 'From the beginning', older: 'Further' })}`,
  });
}

function invitationList({ site, now, invitations }: AccountsView): Html {
  if (invitations.length === 0) return html``;
  const action = `${site.base}/console/accounts/withdraw`;
  return html`<section class="section" aria-labelledby="invitations-title">
    <header><h2 id="invitations-title">Invitations not used yet</h2></header>
    <div class="panel">
      <ul class="rows">
        ${invitations.map(
          ({ name, role, expiresAt }) =>
            html`<li>
              ${pictogram('people')}
              <div class="row-main">
                <div class="row-title">
                  <h3>${shownName(name)}</h3>
                  ${role === 'operator' ? mark('accent', 'operator') : ''}
                </div>
                <p class="facts"><span>Runs out ${moment(expiresAt, now)}</span></p>
              </div>
              <div class="row-actions">
                ${postButton({ action, text: 'Withdraw', of: plainName(name), look: 'danger', fields: { name } })}
              </div>
            </li>`,
        )}
      </ul>
    </div>
  </section>`;
}

function accountRow(account: ShownAccount, { site, now, self }: AccountsView): Html {
  const { subject, name, role, enabled, passkeys, applications, createdAt, lastUsedAt } = account;
  const path = `${site.base}/console/accounts/${encodeURIComponent(subject)}`;
  const of = html`<span class="unseen"> ${plainName(name)}</span>`;
  return html`<li>
    ${pictogram('people')}
    <div class="row-main">
      <div class="row-title">
        <h2>${shownName(name)}</h2>
        ${role === 'operator' ? mark('accent', 'operator') : ''} ${enabled ? '' : mark('bad', 'disabled')}
        ${passkeys === 0 ? mark('warn', 'recovery codes only') : ''}
        ${subject === self ? mark('plain', 'you') : ''}
      </div>
      <p class="facts">
        <span>Since ${moment(createdAt, now)}</span>
        <span>${lastUsedAt === null ? 'Never used' : html`Last used ${moment(lastUsedAt, now)}`}</span>
        <span>${count(passkeys, ['passkey', 'passkeys'])}</span>
        <span>${count(applications, ['application', 'applications'])}</span>
      </p>
    </div>
    <div class="row-actions">
      <a class="button small" href="${site.base}/console/sessions?subject=${encodeURIComponent(name)}"
        >Sessions${of}</a
      >
      ${
        subject === self
          ? ''
          : html`<a class="button small" href="${path}/end">End all${of}</a>
              <a class="button small" href="${path}/role">Role${of}</a>
              <a class="button small" href="${path}/name">Rename${of}</a>
              ${
                enabled
                  ? html`<a class="button small" href="${path}/recover">Recover${of}</a>
                      <a class="button small danger" href="${path}/disable">Disable${of}</a>`
                  : html`<a class="button small" href="${path}/enable">Enable${of}</a>`
              }
              <a class="button small danger" href="${path}/remove">Remove${of}</a>`
      }
    </div>
  </li>`;
}
