import { malformed } from '../requests.ts';

const longest = 4096;

/**
 * Reads a header that holds one text, as Chromium sends it, bare, or as the draft has it, in quotes.
 *
 * @throws AuthError `request_malformed` for a header that comes twice or holds anything else.
 */
export function readDeviceHeader(request: Request, name: string): string | undefined {
  const value = request.headers.get(name);
  if (value === null) return undefined;
  const text = /^"([A-Za-z0-9._-]+)"$/.exec(value)?.[1] ?? value;
  if (text.length > longest || !/^[A-Za-z0-9._-]+$/.test(text)) throw malformed(name);
  return text;
}

/** What a sign-in offers: a key on the device, to which the session is bound from then on. */
export function registrationHeader(
  path: string,
  offer: { challenge: string; authorization: string },
): Readonly<Record<string, string>> {
  const { challenge, authorization } = offer;
  const value = `(ES256);path="${path}";challenge="${challenge}";authorization="${authorization}"`;
  return { 'secure-session-registration': value };
}

/** Asks the device for a signature over `challenge`. A browser ends the session if the id is missing here. */
export function challengeHeader(sid: string, challenge: string): Readonly<Record<string, string>> {
  return { 'secure-session-challenge': `"${challenge}";id="${sid}"` };
}
