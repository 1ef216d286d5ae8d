import { html, type Html } from '../markup.ts';
import { notice } from '../notice.ts';
import { shownName } from '../shown-name.ts';

/** What of a client is another than what was typed: as it stands now, one value a line. */
export interface MovedField {
  readonly label: string;
  readonly now: readonly string[];
}

/** What somebody else has changed meanwhile. */
export interface Moved {
  /** Of the client, as it is called now. */
  readonly name: string;
  readonly fields: readonly MovedField[];
  /** Where it stands who it was: an internal path. */
  readonly audit: string;
}

/** Says that a form was made from what does not stand any more, and what stands now. */
export function movedNotice({ name, fields, audit }: Moved): Html {
  return notice(
    'bad',
    html`<p>
        <strong>It was not changed.</strong> Somebody else has changed ${shownName(name)} since you opened
        this form: <a href="${audit}">the audit log says who</a>. Below is what you typed. If you send it
        again, it takes the place of what stands now:
      </p>
      <dl class="terms">
        ${fields.map(
          ({ label, now }) =>
            html`<div>
              <dt>${label}</dt>
              ${
                now.length === 0
                  ? html`<dd class="soft">nothing</dd>`
                  : now.map((line) => html`<dd><bdi>${line}</bdi></dd>`)
              }
            </div>`,
        )}
      </dl>`,
  );
}
