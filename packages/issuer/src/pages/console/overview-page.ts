import { consolePage, type ConsoleView } from './frame.ts';
import { guardTable, type ShownGuard } from './guard-table.ts';
import { html, type Html } from '../markup.ts';
import { minuteChart } from './minute-chart.ts';
import { span } from '../moment.ts';

/** What the overview shows. */
export interface OverviewView extends ConsoleView {
  readonly sessions: {
    readonly person: number;
    readonly machine: number;
    readonly browser: number;
    readonly all: boolean;
  };
  readonly accounts: number;
  readonly clients: number;
  /** How long ago the feed last moved, in µs. */
  readonly feedLag: number;
  /** By minute, oldest first. */
  readonly started: readonly number[];
  readonly ended: readonly number[];
  /** Refreshes that this process answered. */
  readonly refreshed: readonly number[];
  readonly guards: readonly ShownGuard[];
}

/** How the issuer is, at a glance. */
export function overviewPage(view: OverviewView): Html {
  const { sessions, guards, feedLag } = view;
  const heard = guards.filter((guard) => guard.heard);
  return consolePage(view, {
    room: 'overview',
    title: 'Overview',
    lead: html`What stands at ${view.site.host} now.`,
    script: 'live',
    main: html`<div id="live" class="section">
        <dl class="figures">
          ${figure('Linked', { number: sessions.person, all: sessions.all, note: 'sessions of applications' })}
          ${figure('Signed in', { number: sessions.browser, all: sessions.all, note: 'in browsers' })}
          ${figure('Machines', { number: sessions.machine, all: sessions.all, note: 'sessions' })}
          ${figure('Accounts', { number: view.accounts, all: true, note: `${view.clients.toLocaleString('en')} clients` })}
          <div class="panel figure">
            <dt>Feed</dt>
            <dd>${span(Math.max(0, feedLag))}</dd>
            <dd class="fine">
              ${feedLag < 3_000_000 ? 'since it last moved' : 'since it last moved: too long'}
            </dd>
          </div>
          <div class="panel figure">
            <dt>Guards</dt>
            <dd>${heard.length} of ${guards.length}</dd>
            <dd class="fine">${guards.length === 0 ? 'none has an identity' : 'heard in ten minutes'}</dd>
          </div>
        </dl>
        <div class="charts">
          ${minuteChart({ title: 'Refreshes at this process', minutes: view.refreshed })}
          ${minuteChart({ title: 'Sessions started', minutes: view.started })}
          ${minuteChart({ title: 'Sessions ended', minutes: view.ended, look: 'ends' })}
        </div>
      </div>
      <section class="section" aria-labelledby="guards-title">
        <header>
          <h2 id="guards-title">Guards</h2>
          <a href="${view.site.base}/console/guards">About guards</a>
        </header>
        <div class="panel" id="live-guards">${guardTable(guards)}</div>
      </section>`,
  });
}

function figure(
  name: string,
  { number, all, note }: { readonly number: number; readonly all: boolean; readonly note: string },
): Html {
  return html`<div class="panel figure">
    <dt>${name}</dt>
    <dd>${number.toLocaleString('en')}${all ? '' : '+'}</dd>
    <dd class="fine">${note}</dd>
  </div>`;
}
