import { html, type Html } from './markup.ts';

/** A form of one button. `of` completes the button's name for those who hear it among twenty others. */
export function postButton(button: {
  readonly action: string;
  readonly text: string;
  readonly of?: string;
  readonly look?: 'danger' | 'danger primary' | 'primary' | 'quiet';
  readonly size?: 'small' | 'wide';
  readonly fields?: Readonly<Record<string, string>>;
}): Html {
  const { action, text, of, look = '', size = 'small', fields = {} } = button;
  return html`<form method="post" action="${action}">
    ${hiddenFields(fields)}<button class="button ${size} ${look}">
      ${text}${of === undefined ? '' : html`<span class="unseen"> ${of}</span>`}
    </button>
  </form>`;
}

/** What a form brings along unseen. */
export function hiddenFields(fields: Readonly<Record<string, string>>): readonly Html[] {
  return Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
}
