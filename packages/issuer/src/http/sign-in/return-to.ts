/** The first segments of the pages that a person may be sent on to. */
const places: ReadonlySet<string> = new Set(['account', 'console', 'authorize', 'logout']);

/**
 * Where a person goes on: the path of a page of ours, or the account page where anything else was asked for.
 *
 * A link that leads through our sign-in to a stranger's page would lend it our name.
 */
export function readReturnTo(issuer: string, asked: string | null | undefined): string {
  const { origin, pathname } = new URL(issuer);
  const base = pathname.replace(/\/$/, '');
  const home = `${base}/account`;
  // Browsers read a backslash as a slash, and leave out tabs and line breaks.
  if (asked == null || asked.length > 2048 || !/^\/[\x21-\x5b\x5d-\x7e]*$/.test(asked)) return home;
  const url = URL.parse(asked, origin);
  if (url?.origin !== origin || !url.pathname.startsWith(`${base}/`)) return home;
  const [place = ''] = url.pathname.slice(base.length + 1).split('/');
  return places.has(place) ? url.pathname + url.search : home;
}
