/** What a person can judge of an address: its host; where it has none, all of it. */
export function hostOf(address: string): string {
  const host = URL.parse(address)?.host ?? '';
  return host === '' ? address : host;
}
