import type { AddClientFields } from '../../pages/console/add-client-page.ts';
import type { MovedField } from '../../pages/console/moved-notice.ts';
import { plainName } from '../../pages/shown-name.ts';
import type { ClientRow, PublicJwk } from '../../storage/port/rows.ts';
import { linesOf, readKeys } from './add-client.ts';

/** What the form shows of a client that stands. */
export function fieldsOf(client: ClientRow): AddClientFields {
  const { redirectUris, postLogoutRedirectUris, consent } = client.registration;
  return {
    ...{ name: client.name, id: client.id, consent },
    kind: client.kind === 'web' ? 'web' : 'public',
    redirectUris: redirectUris.join('\n'),
    postLogoutRedirectUris: postLogoutRedirectUris.join('\n'),
    keys: client.keys.length === 0 ? '' : JSON.stringify(client.keys, null, 2),
    targets: client.audiences.flatMap(({ audience, scope }) =>
      scope.length === 0 ? [audience] : scope.map((value) => `${audience} ${value}`),
    ),
  };
}

/** Where a client that stands differs from what was typed in its form, which shows the targets that `shows` says. */
export function movedFields(
  client: ClientRow,
  { typed, shows }: { typed: AddClientFields; shows: (target: string) => boolean },
): readonly MovedField[] {
  const stands = fieldsOf(client);
  const keys = { stand: client.keys.map(shownKey), typed: readKeys(typed.keys).map(shownKey) };
  const compared: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['Name', [plainName(stands.name)], [plainName(typed.name)]],
    ['Public keys of the server', keys.stand, keys.typed],
    ['Redirect URIs', linesOf(stands.redirectUris), linesOf(typed.redirectUris)],
    [
      'Where people go after signing out',
      linesOf(stands.postLogoutRedirectUris),
      linesOf(typed.postLogoutRedirectUris),
    ],
    ['What it may ask for', stands.targets.filter(shows).map(shownTarget), typed.targets.map(shownTarget)],
    ['Whether people are asked', [consents[stands.consent]], [consents[typed.consent]]],
  ];
  return compared
    .filter(([, now, then]) => now.toSorted().join('\n') !== then.toSorted().join('\n'))
    .map(([label, now]) => ({ label, now }));
}

const consents = { ask: 'Everybody is asked.', given: 'Nobody is asked.' } as const;

function shownKey(key: PublicJwk): string {
  return plainName(JSON.stringify(key));
}

function shownTarget(target: string): string {
  const [audience = '', scope] = target.split(' ');
  return plainName(scope === undefined ? audience : `${scope} at ${audience}`);
}
