import type { Audience } from '../../sessions/audiences.ts';

/** What OpenID Connect's own scope values allow (Core section 5.4); the same at every issuer. */
const standard: Readonly<Record<string, string>> = {
  openid: 'Recognise you, by the same number as every other application here',
  profile: 'See the name of your account',
  offline_access: 'Stay linked after you have signed out here',
};

/** What a scope value allows, in words; null where nobody has said it. */
export function scopeWords(
  audiences: readonly Audience[],
  { audience, scope }: { readonly audience: string; readonly scope: string },
): string | null {
  const known = audiences.find((row) => row.audience === audience);
  return known?.words[scope] ?? standard[scope] ?? null;
}
