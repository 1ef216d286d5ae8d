import { framedPage, type Reader } from '../frame.ts';
import { html, type Html } from '../markup.ts';
import type { PageScript } from '../layout.ts';
import type { Site } from '../site.ts';

const rooms = {
  overview: ['', 'Overview'],
  clients: ['/clients', 'Clients'],
  accounts: ['/accounts', 'Accounts'],
  sessions: ['/sessions', 'Sessions'],
  keys: ['/keys', 'Keys'],
  guards: ['/guards', 'Guards'],
  audit: ['/audit', 'Audit log'],
} as const;

/** What every page of the console is told. Times are µs on the database's clock. */
export interface ConsoleView {
  readonly site: Site;
  readonly reader: Reader;
  readonly now: number;
  /** What has just been done. */
  readonly notice?: Html;
}

/** A page of the console: its room, its title, what it is for. */
export function consolePage(
  view: ConsoleView,
  page: {
    readonly room: keyof typeof rooms;
    readonly title: string;
    readonly lead: Html | string;
    /** Beside the title. */
    readonly action?: Html;
    readonly main: Html;
    readonly script?: PageScript;
  },
): Html {
  const { site, reader } = view;
  const { room, title, lead, action, main, script } = page;
  return framedPage({
    site,
    reader,
    title,
    half: 'console',
    placesName: 'Console',
    places: Object.entries(rooms).map(([name, [path, text]]) => ({
      href: `${site.base}/console${path}`,
      text,
      here: name === room,
    })),
    ...(view.notice === undefined ? {} : { notice: view.notice }),
    ...(script === undefined ? {} : { script }),
    main: html`<div class="page-head">
        <div>
          <h1>${title}</h1>
          <p class="lead">${lead}</p>
        </div>
        ${action ?? ''}
      </div>
      ${main}`,
  });
}
