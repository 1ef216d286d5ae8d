import { empty } from '../empty.ts';
import { html, type Html } from '../markup.ts';
import { mark } from '../mark.ts';
import { count, moment } from '../moment.ts';
import { monogram } from '../monogram.ts';
import { postButton } from '../post-button.ts';
import { plainName, shownName } from '../shown-name.ts';
import { symbol } from '../symbols.ts';

/** A linked application as its person sees it. */
export interface ShownApplication {
  readonly grantId: string;
  readonly clientId: string;
  readonly name: string;
  readonly by: 'operator' | 'dynamic' | 'document';
  /** What it may do, in words where somebody has found some. */
  readonly may: readonly { readonly scope: string; readonly words: string | null }[];
  readonly since: number;
  readonly lastUsedAt: number | null;
  readonly sessions: number;
  /** Those that stand, or of very many those that were used last. */
  readonly standing: readonly ShownLinkedSession[];
}

/** A session of a linked application. */
export interface ShownLinkedSession {
  readonly sid: string;
  readonly device: string | null;
  readonly startedAt: number;
  readonly lastUsedAt: number;
}

/** The applications that a person has linked. */
export function accountApplications(of: {
  readonly base: string;
  readonly now: number;
  readonly applications: readonly ShownApplication[];
}): Html {
  return html`<section class="section" id="applications" aria-labelledby="applications-title">
    <header>
      <h2 id="applications-title">Linked applications</h2>
      <p class="soft">What you have allowed to act in your name.</p>
    </header>
    <div class="panel">
      ${
        of.applications.length === 0
          ? empty({
              symbol: 'link',
              title: 'No application is linked',
              text: 'When you allow an application to act for you, it appears here, together with what it may do.',
            })
          : html`<ul class="rows">
              ${of.applications.map((application) => applicationRow(application, of))}
            </ul>`
      }
    </div>
  </section>`;
}

function applicationRow(
  application: ShownApplication,
  of: { readonly base: string; readonly now: number },
): Html {
  const { grantId, clientId, name, by, may, since, lastUsedAt, sessions } = application;
  return html`<li>
    ${monogram({ id: clientId, name })}
    <div class="row-main">
      <div class="row-title">
        <h3>${shownName(name)}</h3>
        ${registered(by, clientId)}
      </div>
      <ul class="may" aria-label="What it may do">
        ${may.map(
          ({ scope, words }) =>
            html`<li>
              ${symbol('check')}<span>${words ?? html`Use <code>${plainName(scope)}</code>`}</span>
            </li>`,
        )}
      </ul>
      <p class="facts">
        <span>Linked ${moment(since, of.now)}</span>
        <span>${lastUsedAt === null ? 'Never used' : html`Last used ${moment(lastUsedAt, of.now)}`}</span>
        ${sessions === 0 ? html`<span>No session</span>` : ''}
      </p>
      ${sessionList(application, of)}
    </div>
    <div class="row-actions">
      ${postButton({
        action: `${of.base}/account/applications/${encodeURIComponent(grantId)}/end`,
        text: 'End',
        of: plainName(name),
        look: 'danger',
      })}
    </div>
  </li>`;
}

/** Ending one leaves the link: the application may begin another. */
function sessionList(
  { name, sessions, standing }: ShownApplication,
  { base, now }: { readonly base: string; readonly now: number },
): Html {
  if (standing.length === 0) return html``;
  return html`<details>
    <summary>${count(sessions, ['session', 'sessions'])}</summary>
    <ul class="inner">
      ${standing.map(
        ({ sid, device, startedAt, lastUsedAt }) =>
          html`<li>
            <p class="facts">
              <strong>${shownName(device ?? 'A device without a name')}</strong>
              <span>Started ${moment(startedAt, now)}</span>
              <span>Last used ${moment(lastUsedAt, now)}</span>
            </p>
            ${postButton({
              action: `${base}/account/sessions/${encodeURIComponent(sid)}/end`,
              text: 'End session',
              of: `of ${plainName(name)} on ${plainName(device ?? 'a device without a name')}`,
            })}
          </li>`,
      )}
      ${
        standing.length < sessions
          ? html`<li class="soft">Those used longer ago end together with the link.</li>`
          : ''
      }
    </ul>
  </details>`;
}

function registered(by: ShownApplication['by'], clientId: string): Html | string {
  if (by === 'operator') return '';
  if (by === 'dynamic') return mark('warn', 'registered itself');
  return mark('plain', URL.parse(clientId)?.host ?? 'from the web');
}
