import type { Route } from './route.ts';

/**
 * What each path of a table takes, as `Allow` says it (RFC 9110 section 10.2.1): HEAD where GET is. Whoever asks a path
 * for something else is told so (405), and not that nothing is there.
 */
export function methodsByPath(routes: readonly Route[]): ReadonlyMap<string, string> {
  const byPath = Map.groupBy(routes, ([, path]) => path);
  return new Map([...byPath].map(([path, rows]) => [path, allowOf(rows.map(([method]) => method))]));
}

function allowOf(methods: readonly Route[0][]): string {
  return methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
}
