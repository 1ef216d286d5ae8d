import { html, type Html } from './markup.ts';

const second = 1_000_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const dateFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });
const momentFormat = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'medium',
  timeZone: 'UTC',
});

/** A moment as people say it, with the exact one for who points at it. Both in µs on the database's clock. */
export function moment(at: number, now: number): Html {
  const date = new Date(at / 1000);
  return html`<time datetime="${date.toISOString()}" title="${momentFormat.format(date)} UTC"
    >${inWords(at, now)}</time
  >`;
}

/** A moment to the second, for a log. */
export function exactMoment(at: number): Html {
  const date = new Date(at / 1000);
  return html`<time class="number" datetime="${date.toISOString()}">${momentFormat.format(date)}</time>`;
}

/** A length of time in one unit, rounded down: `12 min`. */
export function span(micros: number): string {
  if (micros < minute) return `${(micros / second).toFixed(micros < 10 * second ? 1 : 0)} s`;
  if (micros < hour) return `${Math.floor(micros / minute)} min`;
  if (micros < 2 * day) return `${Math.floor(micros / hour)} h`;
  return `${Math.floor(micros / day)} days`;
}

function inWords(at: number, now: number): string {
  const age = now - at;
  if (age < 0) return age > -minute ? 'just now' : `in ${span(-age)}`;
  if (age < minute) return 'just now';
  if (age < 30 * day) return `${span(age)} ago`;
  return dateFormat.format(new Date(at / 1000));
}

/** `1 session`, `2 sessions`. */
export function count(number: number, [one, many]: readonly [string, string]): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}
