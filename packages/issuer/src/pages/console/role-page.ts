import { confirmPage } from '../confirm-page.ts';
import { html, type Html } from '../markup.ts';
import { shownName } from '../shown-name.ts';
import type { Site } from '../site.ts';

/** Asks before an account gets the other role. */
export function rolePage(view: {
  readonly site: Site;
  readonly account: { readonly subject: string; readonly name: string; readonly role: 'person' | 'operator' };
}): Html {
  const { site, account } = view;
  const back = `${site.base}/console/accounts`;
  const becomes = account.role === 'operator' ? 'person' : 'operator';
  return confirmPage({
    site,
    title: becomes === 'operator' ? 'Make an operator?' : 'Take the console away?',
    text:
      becomes === 'operator'
        ? html`${shownName(account.name)} will see this console, and can end, add and remove what you can.`
        : html`${shownName(account.name)} will keep the account and lose this console, at once.`,
    action: `${back}/${encodeURIComponent(account.subject)}/role`,
    button: becomes === 'operator' ? 'Make an operator' : 'Take it away',
    look: becomes === 'operator' ? 'plain' : 'danger',
    fields: { role: becomes },
    back,
  });
}
