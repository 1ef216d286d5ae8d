/** What stands in the URL to which the issuer sent the person back (RFC 6749 section 4.1.2, RFC 9207). */
export type AuthorizationAnswer =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'code';
      readonly state: string;
      readonly issuer: string | undefined;
      readonly code: string;
    }
  | {
      readonly kind: 'error';
      readonly state: string;
      readonly issuer: string | undefined;
      readonly error: string;
      readonly description: string | undefined;
    };

const members = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri'];
const errorText = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,128}$/;
const descriptionText = /^[\x20-\x7e]{1,512}$/;

/** Reads the answer in a URL; one with a parameter twice, or without state, is none. */
export function readAnswer(url: URL): AuthorizationAnswer {
  const query = url.searchParams;
  const state = query.get('state');
  const [code, error] = [query.get('code'), query.get('error')];
  if (state === null || members.some((name) => query.getAll(name).length > 1)) return { kind: 'none' };
  const issuer = query.get('iss') ?? undefined;
  if (error !== null && errorText.test(error)) {
    const text = query.get('error_description') ?? '';
    return {
      kind: 'error',
      state,
      issuer,
      error,
      description: descriptionText.test(text) ? text : undefined,
    };
  }
  return code === null || error !== null ? { kind: 'none' } : { kind: 'code', state, issuer, code };
}

/** The same URL without the answer in it: a code stays in no history, and no `Referer` carries it away. */
export function withoutAnswer(url: URL): string {
  const bare = new URL(url);
  for (const name of members) bare.searchParams.delete(name);
  return bare.href;
}
