import { decodeBase64url } from '@symbolon/token';

/** Whether two tokens of ours are about one subject; of what cannot be read only the same text is. Nothing is verified. */
export function sameSubject(one: string, other: string): boolean {
  if (one === other) return true;
  const subject = subjectOf(one);
  return subject !== undefined && subject === subjectOf(other);
}

/** Whom a token is about (claim `sub`), undefined if it cannot be read. */
function subjectOf(token: string): string | undefined {
  const payload = decodeBase64url(token.split('.')[1] ?? '');
  if (payload === undefined) return undefined;
  try {
    const { sub } = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}
