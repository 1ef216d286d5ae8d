import { empty } from '../empty.ts';
import { hostOf } from '../host-of.ts';
import { html, type Html } from '../markup.ts';
import { mark } from '../mark.ts';
import { span } from '../moment.ts';
import { shownName } from '../shown-name.ts';

/** A guard process as an operator sees it. */
export interface ShownGuard {
  readonly name: string;
  readonly instance: string;
  readonly audience: string;
  /** How far behind the feed it was when it last reported, in µs. */
  readonly lag: number;
  /** Seconds since it was last heard. */
  readonly silentFor: number;
  /** Heard of within ten minutes: ends wait for it. */
  readonly heard: boolean;
}

const scale = 30_000_000;
/** A guard reports every five seconds. */
const slowAfter = 10_000_000;

/** The guards that follow the feed under an identity, and how far each has come. */
export function guardTable(guards: readonly ShownGuard[]): Html {
  if (guards.length === 0) {
    return empty({
      symbol: 'shield',
      title: 'No guard has said who it is',
      text: 'Guards without an identity follow the feed as well, and nobody can count them. Give a guard a client of its own to see it here, and to wait for it when something ends.',
    });
  }
  return html`<div class="scroll" role="region" aria-label="Table of guards" tabindex="0">
    <table class="folding" role="table">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">Guard</th>
          <th role="columnheader" scope="col">For</th>
          <th role="columnheader" scope="col">State</th>
          <th role="columnheader" scope="col">Behind the feed</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${guards.map(guardRow)}
      </tbody>
    </table>
  </div>`;
}

function guardRow({ name, instance, audience, lag, silentFor, heard }: ShownGuard): Html {
  return html`<tr role="row">
    <td role="cell">
      <strong>${shownName(name)}</strong><br /><span class="fine code">${instance.slice(0, 8)}</span>
    </td>
    <td role="cell">${shownName(hostOf(audience))}</td>
    <td role="cell">${stateOf({ lag, silentFor, heard })}</td>
    <td role="cell">
      ${heard ? html`<span class="number">${span(lag)}</span>${lagBar(lag)}` : html`<span class="soft">unknown</span>`}
    </td>
  </tr>`;
}

function stateOf({ lag, silentFor, heard }: Pick<ShownGuard, 'lag' | 'silentFor' | 'heard'>): Html {
  if (!heard) return mark('bad', `silent for ${span(silentFor * 1_000_000)}`);
  if (silentFor >= 15) return mark('warn', `silent for ${span(silentFor * 1_000_000)}`);
  return lag > slowAfter ? mark('warn', 'behind') : mark('good', 'hears every end');
}

function lagBar(lag: number): Html {
  const filled = Math.max(2, Math.min(100, Math.round((lag / scale) * 100)));
  return html`<svg
    class="lag"
    viewBox="0 0 100 4"
    preserveAspectRatio="none"
    aria-hidden="true"
    focusable="false"
  >
    <rect class="rail" width="100" height="4" rx="2" />
    <rect class="filled ${lag > slowAfter ? 'slow' : ''}" width="${filled}" height="4" rx="2" />
  </svg>`;
}
