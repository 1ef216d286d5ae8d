import { cardPage } from '../layout.ts';
import { html, type Html } from '../markup.ts';
import { notice } from '../notice.ts';
import { hiddenFields } from '../post-button.ts';
import { shownHost, shownName } from '../shown-name.ts';
import type { Site } from '../site.ts';

/** What the page before an address says that a stranger has registered. */
export interface LeadingView {
  readonly site: Site;
  /** One line: what happened. */
  readonly title: string;
  readonly text: string;
  /** The precise code, for whoever helps. */
  readonly code?: string;
  /** The address; already compared with what its application registered. */
  readonly href: string;
  /** What a form brings there; undefined: the address says it all. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly application: {
    readonly id: string;
    readonly name: string;
    readonly by: 'dynamic' | 'document';
  };
}

/** Lets the person choose whether to go where an application leads that nobody here has looked at. */
export function leadingPage({ site, title, text, code, href, fields, application }: LeadingView): Html {
  const onward = html`<span>Continue to ${shownHost(href)}</span>`;
  return cardPage({
    site,
    title,
    main: html`<h1>${title}</h1>
      <p class="lead">${text}</p>
      ${notice('warn', registeredBy(application))}
      <div class="stack">
        ${
          fields === undefined
            ? html`<a class="button wide" href="${href}" rel="noreferrer">${onward}</a>`
            : html`<form method="post" action="${href}">
                ${hiddenFields(fields)}<button class="wide">${onward}</button>
              </form>`
        }
        <a class="button primary wide" href="${site.base}/account">To your account</a>
      </div>
      ${code === undefined ? '' : html`<p class="fine">For whoever helps you: <code>${code}</code></p>`}`,
  });
}

function registeredBy({ id, name, by }: LeadingView['application']): Html {
  return by === 'dynamic'
    ? html`<p>
        <strong>${shownName(name)} registered itself,</strong> and this address with it. Nobody here has
        looked at either. Go on only if you have just started this yourself.
      </p>`
    : html`<p>
        <strong>Nobody here has looked at ${shownName(name)}.</strong> It is whoever runs ${shownHost(id)},
        who named this address. Go on only if you trust that name.
      </p>`;
}
