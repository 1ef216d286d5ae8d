import { consolePage, type ConsoleView } from './frame.ts';
import { empty } from '../empty.ts';
import { html, type Html } from '../markup.ts';
import { mark } from '../mark.ts';
import { count, moment } from '../moment.ts';
import { pictogram } from '../monogram.ts';
import { pager, type Pages } from '../pager.ts';
import { hiddenFields } from '../post-button.ts';
import { plainName, shownName } from '../shown-name.ts';

/** A session as an operator sees it. */
export interface ShownSession {
  readonly sid: string;
  readonly kind: 'machine' | 'person' | 'browser';
  readonly subject: string;
  readonly accountName: string | null;
  readonly clientName: string;
  readonly audience: string;
  readonly scope: string;
  readonly device: string | null;
  /** What carries it: its holder's key, a device that a browser bound it to, a cookie, or nothing at all. */
  readonly bound: 'key' | 'device' | 'cookie' | 'nothing';
  readonly startedAt: number;
  readonly lastUsedAt: number;
  readonly repeats: number;
  readonly alive: boolean;
  readonly endReason: string | null;
}

/** What an operator looks for. */
export interface SessionQuery {
  readonly client: string;
  readonly subject: string;
  readonly device: string;
}

/** What the page of sessions shows. */
export interface SessionsView extends ConsoleView {
  readonly query: SessionQuery;
  readonly sessions: readonly ShownSession[];
  readonly pages: Pages;
  /** The one person all of it is about, if the search names one. */
  readonly person: { readonly subject: string; readonly name: string } | undefined;
  /** Where to come back to: this page with its search. */
  readonly here: string;
}

const carriers: Readonly<Record<ShownSession['bound'], readonly ['good' | 'warn', string]>> = {
  key: ['good', 'bound to a key'],
  device: ['good', 'bound to its device'],
  cookie: ['warn', 'cookie only'],
  nothing: ['warn', 'bearer'],
};
const reasons: Readonly<Record<string, string>> = {
  revoked: 'let go by its holder',
  application: 'ended by the application',
  operator: 'ended by an operator',
  reuse: 'ended: a refresh token was used again',
  expired: 'ran out',
  evicted: 'made room for another',
  person: 'ended by its person',
  signed_out: 'signed out',
  code_reuse: 'ended: a code was used again',
};

/** Sessions of everybody. */
export function sessionsPage(view: SessionsView): Html {
  const { site, query, sessions, person } = view;
  const path = `${site.base}/console/sessions`;
  return consolePage(view, {
    room: 'sessions',
    title: 'Sessions',
    lead: 'Who and what holds a session, newest first.',
    ...(person === undefined
      ? {}
      : {
          action: html`<a
            class="button danger"
            href="${site.base}/console/accounts/${encodeURIComponent(person.subject)}/end"
            >End all of ${shownName(person.name)}</a
          >`,
        }),
    main: html`<form class="panel padded search" method="get" action="${path}" role="search">
        ${searchField({ name: 'client', label: 'Client id', value: query.client })}
        ${searchField({ name: 'subject', label: 'Account or subject', value: query.subject })}
        ${searchField({ name: 'device', label: 'Device', value: query.device })}
        <div class="actions">
          <button class="button">Search</button>
        </div>
      </form>
      <div class="panel">
        ${
          sessions.length === 0
            ? empty({
                symbol: 'list',
                title: 'No session found',
                text:
                  view.pages.older === undefined
                    ? 'Nothing fits this search. Sessions are kept for 90 days after they are over.'
                    : 'Nothing fits this search among the 5,000 sessions looked at here. Older sessions follow below.',
                action: { href: path, text: 'Show all' },
              })
            : html`<ul class="rows">
                ${sessions.map((session) => sessionRow(session, view))}
              </ul>`
        }
      </div>
      ${pager(view.pages, { newest: 'Newest sessions', older: 'Older sessions' })}`,
  });
}

function sessionRow(session: ShownSession, { site, now, here }: SessionsView): Html {
  const {
    sid,
    kind,
    accountName,
    clientName,
    device,
    bound,
    startedAt,
    lastUsedAt,
    repeats,
    alive,
    endReason,
  } = session;
  const title = accountName ?? (kind === 'machine' ? clientName : session.subject);
  return html`<li>
    ${pictogram(kind === 'machine' ? 'key' : kind === 'browser' ? 'laptop' : 'link')}
    <div class="row-main">
      <div class="row-title">
        <h2>${shownName(title)}</h2>
        ${alive ? mark(...carriers[bound]) : mark('bad', endReason === null ? 'over' : (reasons[endReason] ?? endReason))}
      </div>
      <p class="facts">
        <span>${kind === 'browser' ? 'Signed in here' : html`At ${shownName(clientName)}`}</span>
        ${device === null ? '' : html`<span>On ${shownName(device)}</span>`}
        <span>Started ${moment(startedAt, now)}</span>
        <span>Last used ${moment(lastUsedAt, now)}</span>
        ${repeats === 0 ? '' : html`<span>${count(repeats, ['repeated refresh', 'repeated refreshes'])}</span>`}
      </p>
      <p class="fine code">
        ${plainName(sid)}${session.scope === '' ? '' : html` · ${plainName(session.scope)}`}
      </p>
    </div>
    <div class="row-actions">
      <a class="button small" href="${site.base}/console/audit?sid=${encodeURIComponent(sid)}"
        >Audit<span class="unseen"> of session ${sid.slice(0, 6)}</span></a
      >
      ${
        alive
          ? html`<form method="post" action="${site.base}/console/sessions/${encodeURIComponent(sid)}/end">
              ${hiddenFields({ back: here })}
              <button class="button small danger">
                End<span class="unseen"> session ${sid.slice(0, 6)} of ${plainName(title)}</span>
              </button>
            </form>`
          : ''
      }
    </div>
  </li>`;
}

function searchField({
  name,
  label,
  value,
}: {
  readonly name: string;
  readonly label: string;
  readonly value: string;
}): Html {
  return html`<div class="field">
    <label for="${name}">${label}</label>
    <input id="${name}" name="${name}" value="${value}" maxlength="256" autocomplete="off" type="search" />
  </div>`;
}
