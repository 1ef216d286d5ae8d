import { assetPath } from './asset-path.ts';
import { brandSign } from './brand.ts';
import { html, type Html } from './markup.ts';
import type { Site } from './site.ts';

/** The small scripts, one a page at most. */
export type PageScript = 'prove' | 'enrol' | 'passkeys' | 'live' | 'form-post' | 'codes';

/** Those that neither prove nor make a passkey. */
const withoutPasskeys: readonly (PageScript | undefined)[] = [undefined, 'live', 'form-post', 'codes'];

/** The frame around every page. */
export function layout(page: {
  readonly site: Site;
  readonly title: string;
  readonly body: Html;
  readonly script?: PageScript;
}): Html {
  const { site, title, body, script } = page;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title} · ${site.host}</title>
        <link rel="icon" href="${assetPath(site, 'icon.svg')}" type="image/svg+xml" />
        <link rel="stylesheet" href="${assetPath(site, 'style.css')}" />
        ${
          withoutPasskeys.includes(script)
            ? ''
            : html`<script src="${assetPath(site, 'webauthn.js')}" defer></script>`
        }
        ${
          script === undefined
            ? ''
            : html`<script src="${assetPath(site, `${script}.js`)}" type="module"></script>`
        }
      </head>
      ${body}
    </html> `;
}

/** A page with one thing to do, in the middle. */
export function cardPage(page: {
  readonly site: Site;
  readonly title: string;
  readonly main: Html;
  readonly script?: PageScript;
}): Html {
  const { site, main } = page;
  return layout({
    ...page,
    body: html`<body class="single">
      <main>
        <p class="brand">${brandSign()}${site.host}</p>
        <div class="card">${main}</div>
      </main>
      <footer class="foot">Sessions by Symbolon: short, bound to you, ended when you say so.</footer>
    </body>`,
  });
}
