import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Changes, JsonObject } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';
import { Missing } from '../../run/verdict.ts';

const types: readonly (readonly [name: string, typ: unknown])[] = [
  ['refresh', 'refresh+jwt'],
  ['logout', 'logout+jwt'],
  ['dpop', 'dpop+jwt'],
  ['event', 'secevent+jwt'],
  ['assertion', 'client-authentication+jwt'],
  ['request', 'oauth-authz-req+jwt'],
  ['introspection', 'token-introspection+jwt'],
  ['status-list', 'statuslist+jwt'],
  ['entity', 'entity-statement+jwt'],
  ['key-binding', 'kb+jwt'],
  ['credential', 'vc+jwt'],
  ['longer', 'at+jwtx'],
  ['prefixed', 'xat+jwt'],
  ['with-parameter', 'at+jwt; v=2, logout+jwt'],
  ['list', ['at+jwt', 'logout+jwt']],
  ['null', null],
  ['number', 1],
  ['object', { 'at+jwt': true }],
];

/** Claims that another kind of token has, for an audience. */
type Kind = (of: { own: JsonObject; aud: unknown; now: number }) => Changes;

const none: Changes = {
  client_id: undefined,
  scope: undefined,
  sst: undefined,
  sid: undefined,
  sh: undefined,
  crr: undefined,
};
const kinds: readonly (readonly [name: string, typ: string, kind: Kind])[] = [
  [
    'id-token',
    'JWT',
    ({ aud, now }) => ({
      ...none,
      aud,
      nonce: 'n-0S6_WzA2Mj',
      auth_time: now - 5,
      at_hash: 'MTIzNDU2Nzg5MDEyMzQ1Ng',
    }),
  ],
  [
    'logout-token',
    'logout+jwt',
    ({ aud, own }) => ({
      ...none,
      aud,
      sid: own['sid'],
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    }),
  ],
  [
    'security-event',
    'secevent+jwt',
    ({ aud }) => ({
      ...none,
      aud,
      events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} },
    }),
  ],
  [
    'client-assertion',
    'JWT',
    ({ own }) => ({
      ...none,
      iss: own['client_id'] ?? 'app',
      sub: own['client_id'] ?? 'app',
      aud: own['iss'],
    }),
  ],
  [
    'authorization-response',
    'JWT',
    ({ aud }) => ({ ...none, aud, sub: undefined, code: 'SplxlOBeZQQYbYS6WxSbIA', state: 'af0ifjsldkj' }),
  ],
  [
    'request-object',
    'oauth-authz-req+jwt',
    ({ own, aud }) => ({
      ...none,
      iss: own['client_id'] ?? 'app',
      aud,
      sub: undefined,
      response_type: 'code',
      client_id: 'app',
    }),
  ],
  ['user-info', 'JWT', ({ aud }) => ({ ...none, aud, email: 'alice@example.com', email_verified: true })],
  [
    'dpop-proof',
    'dpop+jwt',
    ({ aud }) => ({ ...none, iss: undefined, sub: undefined, aud, htm: 'GET', htu: 'https://example.com/' }),
  ],
  ['email-link', 'JWT', ({ aud }) => ({ ...none, aud, purpose: 'verify-email', email: 'alice@example.com' })],
  [
    'introspection',
    'token-introspection+jwt',
    ({ aud, own }) => ({ ...none, aud, token_introspection: { active: true, ...own } }),
  ],
];

/** Tokens of the same issuer that were made for something else. */
export const kindConfusion: readonly Attack[] = attacks(
  {
    family: 'audience',
    needs: ['jws', 'signer'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['9.2.2', '10.3.1'],
      rfc8725bis: ['3.11', '3.12'],
      rfc9700: ['2.3'],
      cwe: ['CWE-345', 'CWE-863', 'CWE-288'],
    },
    why: 'A token that is handed out freely for one purpose (a proof of identity, a logout, a link in a mail) opens a session.',
    fix: 'Check the typ of the header for the one kind that you take, and claims that no other kind has.',
  },
  [
    ...types.map(([name, typ]): Row => ({
      name: `typ-${name}`,
      title: `typ: ${JSON.stringify(typ)}`,
      run: (lab) => lab.present(lab.signed({}, { typ })),
    })),
    ...(['missing', 'jwt'] as const).map((name): Row => ({
      name: `typ-${name}`,
      title: `typ: ${name === 'jwt' ? '"JWT"' : 'missing'}, where the issuer writes at+jwt (RFC 9068 section 4)`,
      run: (lab) => {
        if (!isTyped(lab)) throw new Missing('algorithm', 'needs a token of typ at+jwt');
        return lab.present(lab.signed({}, { typ: name === 'jwt' ? 'JWT' : undefined }));
      },
    })),
    ...kinds.flatMap(([name, typ, kind]): readonly Row[] => [
      kindRow(`kind-${name}`, { typ, kind, isForUs: false }),
      kindRow(`kind-${name}-for-us`, { typ, kind, isForUs: true }),
    ]),
    {
      name: 'id-token-as-token',
      title: 'an honest ID token',
      needs: ['idToken'],
      run: (lab) => lab.present(lab.a.idToken ?? ''),
    },
    {
      name: 'refresh-token-as-token',
      title: 'an honest refresh token',
      needs: ['refresh'],
      run: (lab) => lab.present(lab.a.refreshToken ?? ''),
    },
  ],
);

function kindRow(name: string, { typ, kind, isForUs }: { typ: string; kind: Kind; isForUs: boolean }): Row {
  return {
    name,
    title: `a ${name.replace(/^kind-|-for-us$/g, '').replaceAll('-', ' ')} of the issuer${isForUs ? ', for this audience' : ''}`,
    run: (lab) => {
      const own = lab.jws().payload;
      const now = Math.floor(lab.now() / 1000);
      const claims = kind({ own, now, aud: isForUs ? own['aud'] : (own['client_id'] ?? 'app') });
      // Whoever does not look at typ must tell by the claims; an audience of ours makes that the only way.
      return lab.present(lab.signed(claims, { typ }));
    },
  };
}

function isTyped(lab: Lab): boolean {
  return /^(?:application\/)?at\+jwt$/i.test(String(lab.jws().header['typ']));
}
