import type { AllowedAudience } from '@symbolon/issuer';
import type { Settings } from './settings.ts';

/**
 * Reads for which audiences and scope a new client may get tokens.
 *
 * Without an audience the issuer's only one is meant; each scope value counts at the audiences where it exists.
 *
 * @throws TypeError for an audience or a scope value that does not exist, or if it is unclear which audience is meant.
 */
export function clientAudiences(
  settings: Settings,
  asked: { audience?: readonly string[]; scope?: readonly string[] },
): { audience: string; scope: string[] }[] {
  const known = new Map<string, readonly string[]>([
    ...settings.audiences.map(({ audience, scopes = [] }) => [audience, scopes] as const),
    [`${settings.issuer}/sessions`, []],
    [`${settings.issuer}/authorizations`, []],
  ]);
  const names = asked.audience ?? onlyAudience(settings);
  const stray = names.find((name) => !known.has(name));
  if (stray !== undefined)
    throw new TypeError(`unexpected audience ${stray}, expected ${[...known.keys()].join(' or ')}`);
  const chosen = names.map((audience): AllowedAudience => ({ audience, scope: known.get(audience) ?? [] }));
  const wanted = asked.scope ?? [];
  checkScope(wanted, [...new Set(chosen.flatMap(({ scope }) => scope))]);
  return chosen.map(({ audience, scope }) => ({
    audience,
    scope: wanted.filter((name) => scope.includes(name)),
  }));
}

function onlyAudience({ audiences }: Settings): readonly string[] {
  const names = audiences.map(({ audience }) => audience);
  if (names.length > 1) throw new TypeError(`name the audience with --audience: ${names.join(' or ')}`);
  return names;
}

function checkScope(wanted: readonly string[], existing: readonly string[]): void {
  const stray = wanted.find((name) => !existing.includes(name));
  if (stray === undefined) return;
  const expected = existing.length === 0 ? 'none, for no scope exists there' : existing.join(', ');
  throw new TypeError(`unexpected scope ${stray}, expected ${expected}`);
}
