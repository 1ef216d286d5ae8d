/** Whether a URL's host is this machine itself, by one of the three names that need no look-up (RFC 8252 section 7.3). */
export function isThisMachine(hostname: string): boolean {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}
