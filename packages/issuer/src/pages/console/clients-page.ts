import { empty } from '../empty.ts';
import { consolePage, type ConsoleView } from './frame.ts';
import { hostOf } from '../host-of.ts';
import { html, type Html } from '../markup.ts';
import { mark } from '../mark.ts';
import { moment } from '../moment.ts';
import { monogram } from '../monogram.ts';
import { pager, type Pages } from '../pager.ts';
import { plainName, shownName } from '../shown-name.ts';

/** A client as an operator sees it. */
export interface ShownClient {
  readonly id: string;
  readonly name: string;
  readonly kind: 'machine' | 'public' | 'web' | 'own';
  readonly by: 'operator' | 'dynamic' | 'document';
  readonly consent: 'ask' | 'given';
  readonly bearer: boolean;
  readonly audiences: readonly string[];
  readonly redirectUris: readonly string[];
  readonly createdAt: number;
  readonly removedAt: number | null;
}

/** What the page of clients shows. */
export interface ClientsView extends ConsoleView {
  readonly search: string;
  readonly clients: readonly ShownClient[];
  readonly pages: Pages;
}

const kinds: Readonly<Record<ShownClient['kind'], string>> = {
  machine: 'machine',
  public: 'application without a key',
  web: 'application with a key',
  own: 'this issuer',
};

/** Registered software. */
export function clientsPage(view: ClientsView): Html {
  const { site, search, clients, pages } = view;
  const path = `${site.base}/console/clients`;
  const add = html`<a class="button primary" href="${path}/add">Add an application</a>`;
  return consolePage(view, {
    room: 'clients',
    title: 'Clients',
    lead: 'Applications that people link, and machines that act for themselves.',
    action: add,
    main: html`<form class="panel padded search" method="get" action="${path}" role="search">
        <div class="field">
          <label for="search">Part of a name or client id</label>
          <input
            id="search"
            name="search"
            value="${search}"
            maxlength="256"
            autocomplete="off"
            type="search"
          />
        </div>
        <div class="actions"><button class="button">Search</button></div>
      </form>
      <div class="panel">
        ${
          clients.length === 0
            ? empty({
                symbol: 'link',
                title: 'No client found',
                text:
                  pages.older === undefined
                    ? 'Nothing fits this search.'
                    : 'Nothing fits this search among the 5,000 clients looked at here. Older clients follow below.',
                action: { href: path, text: 'Show all' },
              })
            : html`<ul class="rows">
                ${clients.map((client) => clientRow(client, view))}
              </ul>`
        }
      </div>
      ${pager(pages, { newest: 'Newest clients', older: 'Older clients' })}`,
  });
}

function clientRow(client: ShownClient, { site, now }: ConsoleView): Html {
  const { id, name, kind, by, consent, bearer, audiences, redirectUris, createdAt, removedAt } = client;
  const path = `${site.base}/console/clients/${encodeURIComponent(id)}`;
  return html`<li>
    ${monogram({ id, name })}
    <div class="row-main">
      <div class="row-title">
        <h2>${shownName(name)}</h2>
        ${mark('plain', kinds[kind])}
        ${by === 'operator' ? '' : mark('warn', by === 'dynamic' ? 'registered itself' : 'from the web')}
        ${consent === 'given' && kind !== 'machine' && kind !== 'own' ? mark('plain', 'people are not asked') : ''}
        ${bearer ? mark('warn', 'bearer tokens') : ''} ${removedAt === null ? '' : mark('bad', 'removed')}
      </div>
      <p class="fine code">${plainName(id)}</p>
      <p class="facts">
        <span>Added ${moment(createdAt, now)}</span>
        ${audiences.map((audience) => html`<span>For ${shownName(hostOf(audience))}</span>`)}
        ${redirectUris.map((uri) => html`<span>Returns to ${shownName(hostOf(uri))}</span>`)}
      </p>
    </div>
    <div class="row-actions">
      <a class="button small" href="${site.base}/console/sessions?client=${encodeURIComponent(id)}"
        >Sessions<span class="unseen"> of ${plainName(name)}</span></a
      >
      ${
        removedAt !== null || kind === 'own'
          ? ''
          : html`${
                by === 'operator'
                  ? html`<a class="button small" href="${path}/change"
                      >Change<span class="unseen"> ${plainName(name)}</span></a
                    >`
                  : ''
              }
              <a class="button small" href="${path}/end"
                >End all<span class="unseen"> sessions of ${plainName(name)}</span></a
              >
              <a class="button small danger" href="${path}/remove"
                >Remove<span class="unseen"> ${plainName(name)}</span></a
              >`
      }
    </div>
  </li>`;
}
