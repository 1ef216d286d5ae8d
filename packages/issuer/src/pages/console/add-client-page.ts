import { broughtNotice } from '../brought-notice.ts';
import { consolePage, type ConsoleView } from './frame.ts';
import { hostOf } from '../host-of.ts';
import { html, type Html } from '../markup.ts';
import { movedNotice, type Moved } from './moved-notice.ts';
import { notice } from '../notice.ts';
import { hiddenFields } from '../post-button.ts';
import { plainName, shownName } from '../shown-name.ts';

/** What was typed so far, so that a mistake costs one field and not all. */
export interface AddClientFields {
  readonly name: string;
  readonly id: string;
  readonly kind: 'public' | 'web';
  readonly redirectUris: string;
  readonly postLogoutRedirectUris: string;
  readonly keys: string;
  readonly consent: 'ask' | 'given';
  /** `<audience> <scope>`, or `<audience>` alone. */
  readonly targets: readonly string[];
}

/** What the form for a new application shows, or for one that stands. */
export interface AddClientView extends ConsoleView {
  readonly fields: AddClientFields;
  /** Left out: it is added. */
  readonly changing?: {
    readonly action: string;
    readonly kind: 'machine' | 'public' | 'web' | 'own';
    readonly name: string;
    /** The version of it that the form was made from. */
    readonly seen: string;
  };
  readonly problem?: string;
  /** It is not any more what the form was made from. */
  readonly moved?: Moved;
  /** It was typed before presence was proved. */
  readonly brought?: true;
  readonly audiences: readonly {
    readonly audience: string;
    readonly scopes: readonly string[];
    readonly words: Readonly<Record<string, string>>;
  }[];
}

/** An empty form. */
export const noFields: AddClientFields = {
  name: '',
  id: '',
  kind: 'public',
  redirectUris: '',
  postLogoutRedirectUris: '',
  keys: '',
  consent: 'ask',
  targets: [],
};

/** Where an operator registers an application that people will link. */
export function addClientPage(view: AddClientView): Html {
  const { site, fields, problem, moved, brought, changing } = view;
  const back = `${site.base}/console/clients`;
  return consolePage(view, {
    room: 'clients',
    title: changing === undefined ? 'Add an application' : `Change ${plainName(changing.name)}`,
    lead:
      changing === undefined
        ? 'People will see its name, what it may do, and where it sends them.'
        : 'It counts at once, for requests that are open as well. Sessions that stand keep what they were given.',
    main: html`${problem === undefined ? '' : notice('bad', html`<p><strong>It was not ${changing === undefined ? 'added' : 'changed'}.</strong> ${problem}</p>`)}
      ${moved === undefined ? '' : movedNotice(moved)} ${brought ? broughtNotice() : ''}
      <form class="panel padded form" method="post" action="${changing?.action ?? back}">
        ${changing === undefined ? '' : hiddenFields({ seen: changing.seen })}
        ${textField({ name: 'name', label: 'Name', value: fields.name, hint: 'As people know it.', more: html`required maxlength="120"` })}
        ${changing === undefined ? identity(fields) : ''}
        ${changing?.kind === 'public' ? '' : serverKeys(fields)}
        ${changing?.kind === 'machine' ? '' : addressFields(fields)}
        <fieldset>
          <legend>What it may ask for</legend>
          <div class="choices">${targets(view)}</div>
        </fieldset>
        ${changing?.kind === 'machine' ? '' : consentChoice(fields)}
        <div class="actions">
          <button class="button primary">
            ${changing === undefined ? 'Add the application' : 'Change it'}
          </button>
          <a class="button" href="${back}">Leave it</a>
        </div>
      </form>`,
  });
}

/** What stays as it is once it is added. */
function identity(fields: AddClientFields): Html {
  return html`${textField({ name: 'id', label: 'Client id', value: fields.id, hint: 'Letters, digits, dots and dashes. Left empty, one is made up.', more: html`maxlength="64"` })}
    <fieldset>
      <legend>Where it runs</legend>
      <div class="choices">
        ${choice({ name: 'kind', value: 'public', on: fields.kind === 'public', text: 'On people’s devices: a browser page, a phone, a program. It has no key of its own.' })}
        ${choice({ name: 'kind', value: 'web', on: fields.kind === 'web', text: 'On a server, which proves itself with a key.' })}
      </div>
    </fieldset>`;
}

/** Its own keys, where it has any. */
function serverKeys(fields: AddClientFields): Html {
  return html`<div class="field">
    <label for="keys">Public keys of the server</label>
    <textarea id="keys" name="keys" class="code" spellcheck="false" aria-describedby="keys-hint">
${fields.keys}</textarea>
    <p id="keys-hint" class="hint">A JWK, or a list of them; only for an application on a server.</p>
  </div>`;
}

/** Where people are sent. */
function addressFields(fields: AddClientFields): Html {
  return html`${addresses({ name: 'redirect_uris', label: 'Redirect URIs', value: fields.redirectUris, hint: 'One a line, exact to the letter: https, or http on loopback.' })}
  ${addresses({ name: 'post_logout_redirect_uris', label: 'Where people go after signing out', value: fields.postLogoutRedirectUris, hint: 'One a line; may be left empty.' })}`;
}

/** Whether anybody is asked. */
function consentChoice(fields: AddClientFields): Html {
  return html`<fieldset>
    <legend>Whether people are asked</legend>
    <div class="choices">
      ${choice({ name: 'consent', value: 'ask', on: fields.consent === 'ask', text: 'Everybody is asked before it may act for them.' })}
      ${choice({ name: 'consent', value: 'given', on: fields.consent === 'given', text: 'It is our own application: nobody is asked.' })}
    </div>
  </fieldset>`;
}

function targets({ audiences, fields }: AddClientView): readonly Html[] {
  return audiences.flatMap(({ audience, scopes, words }) => {
    const bare = scopes.length === 0 || fields.targets.includes(audience);
    const all = bare ? ['', ...scopes] : scopes;
    return all.map((scope) => {
      const value = scope === '' ? audience : `${audience} ${scope}`;
      return html`<label class="choice">
        <input
          type="checkbox"
          name="may ${value}"
          value="yes"
          ${fields.targets.includes(value) ? html`checked` : ''}
        />
        <span>
          ${scope === '' ? 'Use it, without further rights' : html`${words[scope] ?? ''} <code>${plainName(scope)}</code>`}
          <span class="fine">at ${shownName(hostOf(audience))}</span>
        </span>
      </label>`;
    });
  });
}

function choice(of: {
  readonly name: string;
  readonly value: string;
  readonly on: boolean;
  readonly text: string;
}): Html {
  return html`<label class="choice">
    <input type="radio" name="${of.name}" value="${of.value}" ${of.on ? html`checked` : ''} />
    <span>${of.text}</span>
  </label>`;
}

interface Field {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly hint: string;
}

function textField({ name, label, value, hint, more }: Field & { readonly more: Html }): Html {
  return html`<div class="field">
    <label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      value="${value}"
      autocomplete="off"
      aria-describedby="${name}-hint"
      ${more}
    />
    <p id="${name}-hint" class="hint">${hint}</p>
  </div>`;
}

function addresses({ name, label, value, hint }: Field): Html {
  return html`<div class="field">
    <label for="${name}">${label}</label>
    <textarea id="${name}" name="${name}" class="code" spellcheck="false" aria-describedby="${name}-hint">
${value}</textarea>
    <p id="${name}-hint" class="hint">${hint}</p>
  </div>`;
}
