/**
 * Reads an HTTP date in its one current form (IMF-fixdate, RFC 9110 section 5.6.7), in milliseconds since 1970.
 *
 * Anything else is undefined, the two obsolete forms too: the text must be what the result prints as.
 */
export function parseHttpDate(text: string): number | undefined {
  if (text.length !== 29) return undefined;
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toUTCString() === text ? time : undefined;
}

/** Reads `Retry-After` (RFC 9110 section 10.2.3) as whole seconds from `now` (ms), at most five minutes. */
export function parseRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text), maxRetryAfter);
  const time = parseHttpDate(text);
  return time === undefined
    ? undefined
    : Math.min(Math.max(0, Math.ceil((time - now) / 1000)), maxRetryAfter);
}

const maxRetryAfter = 300;
