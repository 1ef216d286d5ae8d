import { consolePage, type ConsoleView } from './frame.ts';
import { guardTable, type ShownGuard } from './guard-table.ts';
import { html, type Html } from '../markup.ts';

/** What the page of guards shows. */
export interface GuardsView extends ConsoleView {
  readonly guards: readonly ShownGuard[];
}

/** The guards, and how far each has come. */
export function guardsPage(view: GuardsView): Html {
  return consolePage(view, {
    room: 'guards',
    title: 'Guards',
    lead: 'Each says every few seconds how far it has read the feed. What ends is over at a guard once it has read so far.',
    script: 'live',
    main: html`<div class="panel" id="live">${guardTable(view.guards)}</div>
      <p class="fine">
        A guard silent for ten minutes is no longer waited for, and one silent for a day is forgotten. While
        it is cut off it accepts or refuses as its installer chose.
      </p>`,
  });
}
