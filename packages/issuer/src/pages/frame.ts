import { brandSign } from './brand.ts';
import { layout, type PageScript } from './layout.ts';
import { html, type Html } from './markup.ts';
import { postButton } from './post-button.ts';
import { shownName } from './shown-name.ts';
import type { Site } from './site.ts';

/** Who is signed in, as a page needs to know it. */
export interface Reader {
  readonly name: string;
  readonly role: 'person' | 'operator';
}

/** A place in a list of places. */
export interface Place {
  readonly href: string;
  readonly text: string;
  readonly here?: boolean;
}

/** A page for somebody who is signed in: the head with the two halves of the house, the places beside, and the page. */
export function framedPage(page: {
  readonly site: Site;
  readonly reader: Reader;
  readonly title: string;
  readonly half: 'account' | 'console';
  /** What the list of places is called. */
  readonly placesName: string;
  readonly places: readonly Place[];
  /** A message above everything else. */
  readonly notice?: Html;
  readonly main: Html;
  readonly script?: PageScript;
}): Html {
  const { site, reader, title, half, script } = page;
  const { base } = site;
  return layout({
    site,
    title,
    ...(script === undefined ? {} : { script }),
    body: html`<body>
      <a class="skip" href="#main">Skip to the content</a>
      <header class="top">
        <div>
          <a class="brand" href="${base}/account">${brandSign()}${site.host}</a>
          ${
            reader.role === 'operator'
              ? html`<nav aria-label="Account and console">
                  <ul>
                    ${place({ href: `${base}/account`, text: 'Account', here: half === 'account' })}
                    ${place({ href: `${base}/console`, text: 'Console', here: half === 'console' })}
                  </ul>
                </nav>`
              : ''
          }
          <div class="who">
            ${shownName(reader.name)}
            ${postButton({ action: `${base}/sign-out`, text: 'Sign out', look: 'quiet' })}
          </div>
        </div>
      </header>
      <div class="frame">
        <nav class="side" aria-label="${page.placesName}">
          <ul>
            ${page.places.map(place)}
          </ul>
        </nav>
        <main id="main" tabindex="-1">${page.notice ?? ''}${page.main}</main>
      </div>
    </body>`,
  });
}

function place({ href, text, here }: Place): Html {
  return html`<li>
    <a class="place" href="${href}" ${here === true ? html`aria-current="page"` : ''}>${text}</a>
  </li>`;
}
