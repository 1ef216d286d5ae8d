import { consolePage, type ConsoleView } from './frame.ts';
import { html, type Html } from '../markup.ts';
import { mark } from '../mark.ts';
import { moment } from '../moment.ts';

/** A signing key as an operator sees it. */
export interface ShownKey {
  readonly kid: string;
  readonly purpose: 'session' | 'identity' | 'refresh' | 'feed';
  readonly alg: string;
  readonly state: 'next' | 'current' | 'retired' | 'gone';
  /** Held outside this process. */
  readonly external: boolean;
  readonly createdAt: number;
  readonly holdableFrom: number;
  readonly currentAt: number | null;
  readonly retiredAt: number | null;
}

/** What the page of keys shows. */
export interface KeysView extends ConsoleView {
  readonly keys: readonly ShownKey[];
}

const purposes: Readonly<Record<ShownKey['purpose'], readonly [string, string]>> = {
  session: ['Session tokens', 'Signs what guards accept.'],
  identity: ['ID tokens', 'Signs what OpenID Connect applications read about who signed in.'],
  refresh: ['Refresh tokens', 'Signs what only this issuer reads.'],
  feed: ['The feed', 'Signs what tells guards that something has ended. It never makes a token.'],
};
const order = { next: 0, current: 1, retired: 2, gone: 3 } as const;

/** Signing keys, and where each is in its life. */
export function keysPage(view: KeysView): Html {
  const groups = Map.groupBy(view.keys, ({ purpose, alg }) => `${purpose} ${alg}`);
  return consolePage(view, {
    room: 'keys',
    title: 'Keys',
    lead: 'Each is published before it signs, and stays published until the last thing it signed has run out.',
    main: html`${[...groups.values()].map((keys) => keyGroup(keys, view))}`,
  });
}

function keyGroup(keys: readonly ShownKey[], view: KeysView): Html {
  const [first] = keys;
  if (first === undefined) return html``;
  const { purpose, alg } = first;
  const [title, text] = purposes[purpose];
  const id = `${purpose}-${alg.toLowerCase()}`;
  const which = `purpose=${encodeURIComponent(purpose)}&alg=${encodeURIComponent(alg)}`;
  return html`<section class="section" aria-labelledby="${id}">
    <header>
      <h2 id="${id}">${title} ${mark('plain', alg)}</h2>
      <p class="soft">${text}</p>
    </header>
    <div class="panel">
      <ol class="timeline">
        ${keys.toSorted((a, b) => order[a.state] - order[b.state]).map((key) => keyRow(key, view))}
      </ol>
      <div class="panel-foot">
        <p class="soft">Rotating makes the next key current, as soon as every guard holds it.</p>
        <a class="button small" href="${view.site.base}/console/keys/rotate?${which}"
          >Rotate<span class="unseen"> ${title} ${alg}</span></a
        >
      </div>
    </div>
  </section>`;
}

function keyRow(key: ShownKey, { site, now }: KeysView): Html {
  const { kid, state, external } = key;
  return html`<li class="${state}">
    <div class="row-title">
      <strong>${stateWords[state]}</strong>
      <span class="code soft">${kid.slice(0, 12)}…</span>
      ${external ? mark('good', 'held outside') : ''}
    </div>
    <p class="facts">${facts(key, now)}</p>
    ${
      state === 'gone'
        ? ''
        : html`<p>
            <a class="fine" href="${site.base}/console/keys/${encodeURIComponent(kid)}/revoke"
              >Revoke<span class="unseen"> key ${kid.slice(0, 12)}</span></a
            >
          </p>`
    }
  </li>`;
}

const stateWords: Readonly<Record<ShownKey['state'], string>> = {
  next: 'Next',
  current: 'Signs now',
  retired: 'Retired',
  gone: 'Gone',
};

function facts({ state, createdAt, holdableFrom, currentAt, retiredAt }: ShownKey, now: number): Html {
  const made = html`<span>Made ${moment(createdAt, now)}</span>`;
  if (state === 'next') {
    return html`${made}<span
        >${holdableFrom <= now ? 'Every guard may hold it' : html`Guards hold it ${moment(holdableFrom, now)}`}</span
      >`;
  }
  const since = currentAt === null ? '' : html`<span>Signing since ${moment(currentAt, now)}</span>`;
  const until = retiredAt === null ? '' : html`<span>Retired ${moment(retiredAt, now)}</span>`;
  return html`${made}${since}${until}`;
}
