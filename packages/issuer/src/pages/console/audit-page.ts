import { consolePage, type ConsoleView } from './frame.ts';
import { empty } from '../empty.ts';
import { html, type Html } from '../markup.ts';
import { exactMoment } from '../moment.ts';
import { pager, type Pages } from '../pager.ts';
import { plainName } from '../shown-name.ts';

/** A line of the audit log. */
export interface ShownLine {
  readonly seq: number;
  readonly at: number;
  readonly kind: string;
  readonly clientId: string | null;
  readonly sid: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What the page of the audit log shows. */
export interface AuditView extends ConsoleView {
  readonly query: { readonly kind: string; readonly client: string; readonly sid: string };
  readonly kinds: readonly string[];
  readonly lines: readonly ShownLine[];
  readonly pages: Pages;
}

/** The audit log, newest first. */
export function auditPage(view: AuditView): Html {
  const { site, query, kinds, lines } = view;
  const path = `${site.base}/console/audit`;
  return consolePage(view, {
    room: 'audit',
    title: 'Audit log',
    lead: 'Every line is hashed together with the one before it. The command line verifies the whole chain.',
    main: html`<form class="panel padded search" method="get" action="${path}" role="search">
        <div class="field">
          <label for="kind">What happened</label>
          <select id="kind" name="kind">
            <option value="">Anything</option>
            ${kinds.map(
              (kind) =>
                html`<option value="${kind}" ${kind === query.kind ? html`selected` : ''}>
                  ${kind.replaceAll('_', ' ')}
                </option>`,
            )}
          </select>
        </div>
        <div class="field">
          <label for="client">Client id</label>
          <input
            id="client"
            name="client"
            value="${query.client}"
            maxlength="256"
            autocomplete="off"
            type="search"
          />
        </div>
        <div class="field">
          <label for="sid">Session</label>
          <input id="sid" name="sid" value="${query.sid}" maxlength="64" autocomplete="off" type="search" />
        </div>
        <div class="actions"><button class="button">Search</button></div>
      </form>
      <div class="panel">
        ${
          lines.length === 0
            ? empty({
                symbol: 'list',
                title: 'No line found',
                text:
                  view.pages.older === undefined
                    ? 'Nothing fits this search.'
                    : 'Nothing fits this search among the 5,000 lines looked at here. Older lines follow below.',
                action: { href: path, text: 'Show all' },
              })
            : table(lines)
        }
      </div>
      ${pager(view.pages, { newest: 'Newest lines', older: 'Older lines' })}`,
  });
}

function table(lines: readonly ShownLine[]): Html {
  return html`<div class="scroll" role="region" aria-label="Lines of the log" tabindex="0">
    <table class="folding" role="table">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">When (UTC)</th>
          <th role="columnheader" scope="col">What</th>
          <th role="columnheader" scope="col">Client and session</th>
          <th role="columnheader" scope="col">Details</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${lines.map(lineRow)}
      </tbody>
    </table>
  </div>`;
}

function lineRow({ at, kind, clientId, sid, fields }: ShownLine): Html {
  return html`<tr role="row">
    <td role="cell">${exactMoment(at)}</td>
    <td role="cell"><strong>${kind.replaceAll('_', ' ')}</strong></td>
    <td role="cell">
      ${clientId === null ? '' : html`<span class="code">${plainName(clientId)}</span><br />`}
      ${sid === null ? '' : html`<span class="fine code">${plainName(sid)}</span>`}
      ${clientId === null && sid === null ? html`<span class="soft">—</span>` : ''}
    </td>
    <td role="cell" class="fine">
      ${Object.entries(fields).map(
        ([name, value]) =>
          html`<span
              >${plainName(name)}:
              ${plainName(typeof value === 'string' ? value : JSON.stringify(value))}</span
            ><br />`,
      )}
    </td>
  </tr>`;
}
