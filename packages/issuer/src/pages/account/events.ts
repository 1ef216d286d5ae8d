import { empty } from '../empty.ts';
import { framedPage, type Reader } from '../frame.ts';
import { html, type Html } from '../markup.ts';
import { moment } from '../moment.ts';
import { pager, type Pages } from '../pager.ts';
import { shownName } from '../shown-name.ts';
import type { Site } from '../site.ts';

/** Something that happened to an account. */
export interface ShownEvent {
  readonly at: number;
  /** What happened, in words. */
  readonly text: string;
  /** On what, or by which device; somebody chose this name. */
  readonly about: string | null;
}

/** What the page of all events shows. */
export interface EventsView {
  readonly site: Site;
  readonly reader: Reader;
  readonly now: number;
  readonly events: readonly ShownEvent[];
  readonly pages: Pages;
}

/** Events, newest first. */
export function eventList({
  now,
  events,
}: {
  readonly now: number;
  readonly events: readonly ShownEvent[];
}): Html {
  if (events.length === 0) {
    return empty({
      symbol: 'list',
      title: 'Nothing has happened yet',
      text: 'Sign-ins, new passkeys and everything you end are written down here.',
    });
  }
  return html`<ul class="events">
    ${events.map(
      ({ at, text, about }) =>
        html`<li>
          <span>${text}${about === null ? '' : html`: ${shownName(about)}`}</span>
          ${moment(at, now)}
        </li>`,
    )}
  </ul>`;
}

/** Everything that happened to an account, page by page. */
export function eventsPage({ site, reader, now, events, pages }: EventsView): Html {
  return framedPage({
    site,
    reader,
    title: 'Events',
    half: 'account',
    placesName: 'Your account',
    places: [
      { href: `${site.base}/account`, text: 'Your account' },
      { href: `${site.base}/account/events`, text: 'Events', here: true },
    ],
    main: html`<div>
        <h1>Events</h1>
        <p class="lead">What happened to your account. If you did not do it, end everything else.</p>
      </div>
      <div class="panel">${eventList({ now, events })}</div>
      ${pager(pages, { newest: 'Newest events', older: 'Older events' })}`,
  });
}
