import { decodeBase64url } from '@symbolon/token';

/** Whom a token of ours is about (claim `sub`), undefined if it cannot be read. The token is not verified. */
export function subjectOf(token: string): string | undefined {
  const payload = decodeBase64url(token.split('.')[1] ?? '');
  if (payload === undefined) return undefined;
  try {
    const { sub } = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}
