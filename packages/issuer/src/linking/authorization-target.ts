import { AuthError } from '@symbolon/token';
import { chooseTarget, type Audience } from '../sessions/audiences.ts';
import { isRegisteredUri } from '../clients/redirect-uris.ts';
import type { ClientRow } from '../storage/port/rows.ts';

/** The scope values of OpenID Connect, which belong to no audience: who it is, by what name, and beyond the sign-in. */
export const identityScopes = ['openid', 'profile', 'offline_access'] as const;

const isIdentityScope = (value: string) => identityScopes.some((known) => known === value);

/** Whether an application that was changed since may still be answered this request, and what it asks for. */
export function fits(
  client: ClientRow,
  { issuer, request }: { issuer: string; request: { redirectUri: string; audience: string; scope: string } },
): boolean {
  if (!isRegisteredUri(client.registration.redirectUris, request.redirectUri)) return false;
  const target = client.audiences.find(({ audience }) => audience === request.audience);
  if (target === undefined) return request.audience === userinfoAudience(issuer);
  const others = request.scope.split(' ').filter((value) => value !== '' && !isIdentityScope(value));
  return others.every((value) => target.scope.includes(value));
}

/** Where a linked application learns who somebody is. */
export function userinfoAudience(issuer: string): string {
  return `${issuer}/userinfo`;
}

/** The most scope values of one request: each becomes a row of the grant. */
const maxScopes = 50;

/**
 * Decides for which audience and scope a person is asked, as {@link chooseTarget} does for a machine; where only
 * OpenID Connect's own scope is asked for and no audience, userinfo is meant.
 *
 * @throws AuthError `audience_invalid`, `scope_invalid`.
 */
export function chooseLinkedTarget(
  client: ClientRow,
  asked: {
    issuer: string;
    audiences: readonly Audience[];
    resource: string | undefined;
    scope: string | undefined;
  },
): { audience: Audience; scope: string } {
  const values = asked.scope === undefined ? [] : asked.scope.split(' ');
  if (values.length > maxScopes) throw new AuthError('scope_invalid');
  const identity = [...new Set(values.filter(isIdentityScope))];
  const others = values.filter((value) => !isIdentityScope(value));
  const userinfo = asked.audiences.find(({ audience }) => audience === userinfoAudience(asked.issuer));
  const meansUserinfo =
    identity.includes('openid') &&
    others.length === 0 &&
    [undefined, userinfo?.audience].includes(asked.resource);
  if (meansUserinfo && userinfo !== undefined) return { audience: userinfo, scope: identity.join(' ') };
  const scope = identity.length > 0 ? others.join(' ') : asked.scope;
  const target = others.length === 0 && identity.length > 0 ? undefined : scope;
  const chosen = chooseTarget(client, {
    audiences: asked.audiences,
    resource: asked.resource,
    scope: target,
  });
  const granted = others.length === 0 && identity.length > 0 ? '' : chosen.scope;
  return {
    audience: chosen.audience,
    scope: [...identity, ...granted.split(' ')].filter((value) => value !== '').join(' '),
  };
}
