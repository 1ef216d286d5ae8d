import type { Propagation } from '../feed/propagation.ts';
import { html, type Html } from './markup.ts';
import { count, span } from './moment.ts';
import { notice } from './notice.ts';
import { shownName } from './shown-name.ts';

/** What was ended, and how far it has come. */
export interface Receipt {
  /** `Notes is no longer linked` */
  readonly what: string;
  readonly propagation: Propagation;
}

/** Says that something has ended, at how many guards, in what time, and who has not answered. */
export function receiptNotice({ what, propagation }: Receipt): Html {
  const { guards, applied, ms, missing } = propagation;
  const everywhere = missing.length === 0;
  return notice(
    everywhere ? 'good' : 'warn',
    html`<p>
        <strong>${what}.</strong>
        ${guards === 0 ? atNone() : `Ended at ${applied} of ${guards} guards in ${seconds(ms)}.`}
      </p>
      ${
        everywhere
          ? ''
          : html`<p>
                ${count(missing.length, ['guard has', 'guards have'])} not answered. What is ended can be used
                there until the guard hears of it, or until the token runs out:
              </p>
              <ul>
                ${missing.map(
                  ({ name, silentFor }) =>
                    html`<li>${shownName(name)}: silent for ${span(silentFor * 1_000_000)}</li>`,
                )}
              </ul>`
      }`,
  );
}

function atNone(): string {
  return 'No guard has said who it is, so none can be counted; each hears of it within a second.';
}

function seconds(ms: number): string {
  return `${(Math.max(ms, 100) / 1000).toFixed(1)} s`;
}
