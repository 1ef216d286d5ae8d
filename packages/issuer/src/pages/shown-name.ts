import { html, type Html } from './markup.ts';

const longest = 80;

/** Controls, marks that turn the direction of text, and characters without a shape: a name needs none of them. */
const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\u2028\u2029\u{e0000}-\u{e007f}]/gu;

/**
 * A name that somebody else chose, as plain text: without what cannot be seen, at most 80 characters.
 *
 * A name may still look like another: pages say who registered it as well.
 */
export function plainName(name: string): string {
  // Cut before it is searched: a name may be as long as a request.
  const seen = name
    .slice(0, 20 * longest)
    .replace(unseen, '')
    .replace(/\s+/gu, ' ')
    .trim();
  if (seen === '') return 'unnamed';
  const characters = [...new Intl.Segmenter().segment(seen)].map(({ segment }) => segment.slice(0, 8));
  return characters.length <= longest ? characters.join('') : `${characters.slice(0, longest - 1).join('')}…`;
}

/**
 * The host of an address that somebody else chose: whole, however long it is, because its right end says whose it is.
 * An address without one is a program on the device.
 */
export function shownHost(address: string): Html {
  const url = URL.parse(address);
  if (url === null) return shownName(address);
  return url.host === ''
    ? html`a program on this device (${shownName(url.protocol)})`
    : html`<bdi class="host">${url.host}</bdi>`;
}

/** A name that somebody else chose, set apart so that its direction turns nothing around it. */
export function shownName(name: string): Html {
  return html`<bdi class="name">${plainName(name)}</bdi>`;
}
