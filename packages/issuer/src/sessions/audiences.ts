import { AuthError, maxTokenLife, type AlgorithmName } from '@symbolon/token';
import { z } from 'zod';
import type { ClientRow } from '../storage/port/rows.ts';

/** A resource server that tokens are made for. */
export interface Audience {
  readonly audience: string;
  /** The scope values that exist there. */
  readonly scopes: readonly string[];
  /** What a scope value allows, in words for the people who are asked: `Read your notes`. */
  readonly words: Readonly<Record<string, string>>;
  /** How long its tokens live, in seconds. */
  readonly tokenLife: number;
  /** What its tokens are signed with. */
  readonly alg: AlgorithmName;
}

/** A scope value (RFC 6749 section 3.3). */
export const scopeValue = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'expected one scope value');

const identifier = z
  .string()
  .max(512)
  .refine((text) => URL.canParse(text) && !text.includes('#'), 'expected a URL without fragment (RFC 8707)');

/** What an installer says of an audience. */
export const audienceOptions = z.strictObject({
  audience: identifier,
  scopes: z.array(scopeValue).default([]),
  words: z.record(scopeValue, z.string().min(1).max(120)).default({}),
  tokenLife: z.int().min(10).max(maxTokenLife).default(300),
  alg: z.enum(['EdDSA', 'ES256', 'ML-DSA-44']).default('EdDSA'),
});

/** The audiences of the issuer's own interfaces: sessions and authorizations for applications, revocations for guards, userinfo for OpenID Connect. */
export function ownAudiences(issuer: string): readonly Audience[] {
  return ['sessions', 'authorizations', 'revocations', 'userinfo'].map((name) => ({
    audience: `${issuer}/${name}`,
    scopes: [],
    words: {},
    tokenLife: 300,
    alg: 'EdDSA',
  }));
}

/**
 * The audience of the issuer's own pages. It stands in no list from which a client chooses, so only sessions that a
 * passkey has started here have tokens for it.
 */
export function accountAudience(issuer: string): string {
  return `${issuer}/account`;
}

/**
 * The registered name that a `resource` means: itself, or the one that differs only in that one writes the empty path
 * and the other does not, which is the same URL (RFC 3986 section 6.2.3) and what libraries make of one.
 *
 * Only here, where somebody asks: a token carries the registered text, and guards compare it letter by letter.
 */
export function registeredName(names: readonly string[], resource: string): string {
  if (names.includes(resource)) return resource;
  return names.find((name) => withoutEmptyPath(name) === withoutEmptyPath(resource)) ?? resource;
}

function withoutEmptyPath(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?]+\/$/.test(url) ? url.slice(0, -1) : url;
}

/**
 * Decides for which audience and scope a client gets a token (RFC 8707, RFC 6749 section 3.3).
 *
 * Without `resource` the client's only audience is meant, without `scope` all that it is allowed there.
 *
 * @throws AuthError `audience_invalid`, `scope_invalid`.
 */
export function chooseTarget(
  client: ClientRow,
  asked: { audiences: readonly Audience[]; resource: string | undefined; scope: string | undefined },
): { audience: Audience; scope: string } {
  const [only, ...more] = client.audiences;
  const names = client.audiences.map((row) => row.audience);
  const implied = more.length === 0 ? only?.audience : undefined;
  const name = asked.resource === undefined ? implied : registeredName(names, asked.resource);
  const allowed = client.audiences.find((row) => row.audience === name);
  const audience = asked.audiences.find((row) => row.audience === name);
  if (allowed === undefined || audience === undefined) throw new AuthError('audience_invalid');
  const granted = allowed.scope.filter((value) => audience.scopes.includes(value));
  const wanted = asked.scope === undefined ? granted : asked.scope.split(' ');
  if (!wanted.every((value) => granted.includes(value))) throw new AuthError('scope_invalid');
  return { audience, scope: [...new Set(wanted)].join(' ') };
}
