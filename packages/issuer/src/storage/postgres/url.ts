const protocols: readonly string[] = ['postgres:', 'postgresql:'];

/**
 * Names a database by its URL, without user, password and parameters, for messages.
 *
 * @throws TypeError if it is no URL of PostgreSQL; the message does not show it.
 */
export function databaseName(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !protocols.includes(parsed.protocol))
    throw new TypeError('unexpected store, expected postgres://user@host:port/database');
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
