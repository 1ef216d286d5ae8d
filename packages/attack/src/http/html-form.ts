import { tagsOf, type HtmlTag } from './html-tags.ts';
import type { Pair } from '../credentials/token-request.ts';

/** A form of a page, as a browser would send it if nobody typed anything. */
export interface HtmlForm {
  /** Where it is sent, absolute. */
  readonly action: string;
  /** In upper case. */
  readonly method: string;
  /** What is sent whichever button is pressed. */
  readonly fields: readonly Pair[];
  readonly buttons: readonly HtmlButton[];
}

/** A button that sends its form. */
export interface HtmlButton {
  readonly name: string;
  readonly value: string;
  /** What stands on it. */
  readonly text: string;
}

const mostControls = 200;
const typed: ReadonlySet<string> = new Set(['checkbox', 'radio']);
const mute: ReadonlySet<string> = new Set(['button', 'reset', 'file', 'image']);

/** The forms of a page. At most 200 controls are read; scripts, and controls outside of their form, are not. */
export function formsOf(html: string, base: string): readonly HtmlForm[] {
  const forms: { action: string; method: string; fields: Pair[]; buttons: HtmlButton[] }[] = [];
  let open: (typeof forms)[number] | undefined;
  let left = mostControls;
  for (const tag of tagsOf(html)) {
    if (tag.name === 'form') {
      open = tag.isEnd ? undefined : startOf(tag, base);
      if (open !== undefined) forms.push(open);
    } else if (open !== undefined && !tag.isEnd && left > 0) {
      if (tag.name !== 'input' && tag.name !== 'button') continue;
      left -= 1;
      const button = buttonOf(tag);
      if (button !== undefined) open.buttons.push(button);
      else open.fields.push(...fieldsOf(tag));
    }
  }
  return forms;
}

function startOf(
  { attributes }: HtmlTag,
  base: string,
): {
  action: string;
  method: string;
  fields: Pair[];
  buttons: HtmlButton[];
} {
  const action = URL.parse(attributes.get('action') ?? '', base)?.href ?? base;
  return { action, method: (attributes.get('method') ?? 'get').toUpperCase(), fields: [], buttons: [] };
}

function buttonOf({ name, attributes, text }: HtmlTag): HtmlButton | undefined {
  const type = (attributes.get('type') ?? (name === 'button' ? 'submit' : 'text')).toLowerCase();
  if (type !== 'submit' || attributes.has('disabled')) return undefined;
  const value = attributes.get('value') ?? '';
  return { name: attributes.get('name') ?? '', value, text: name === 'button' ? text : value };
}

function fieldsOf({ name: element, attributes }: HtmlTag): readonly Pair[] {
  const name = attributes.get('name') ?? '';
  const type = (attributes.get('type') ?? 'text').toLowerCase();
  if (element !== 'input' || name === '' || attributes.has('disabled') || mute.has(type)) return [];
  if (typed.has(type) && !attributes.has('checked')) return [];
  return [[name, attributes.get('value') ?? (typed.has(type) ? 'on' : '')]];
}
