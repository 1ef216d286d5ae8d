import { personal } from '../answers.ts';
import type { NodeResponse } from './node.ts';

/**
 * Keeps an answer the person's alone, whatever a handler says of caches: the last word is said when the headers leave.
 */
export function keepPrivate(response: NodeResponse): void {
  const writeHead = response.writeHead.bind(response);
  response.writeHead = (status, ...rest) => {
    const varies = rest.flatMap(pairsOf).filter(([name]) => lowerCase(name) === 'vary');
    if (varies.length > 0) response.setHeader('vary', varies.map(([, value]) => String(value)).join(', '));
    for (const [name, value] of personal)
      response.setHeader(name, name === 'vary' ? withField(response.getHeader(name), value) : value);
    return writeHead(status, ...rest.map(withoutPersonal));
  };
}

type Pair = readonly [name: unknown, value: unknown];

/** Headers as `writeHead` takes them: an object, names and values by turns (`rawHeaders`), or a list of pairs. */
function pairsOf(given: unknown): readonly Pair[] {
  if (typeof given !== 'object' || given === null) return [];
  if (!Array.isArray(given)) return Object.entries(given);
  const turns: readonly unknown[] = Array.isArray(given[0]) ? given.flat() : given;
  return turns.flatMap((name, at): Pair[] => (at % 2 === 0 ? [[name, turns[at + 1]]] : []));
}

/** What is handed to `writeHead` counts for more than what was set before. */
function withoutPersonal(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given;
  const kept = pairsOf(given).filter(([name]) => !personal.some(([ours]) => ours === lowerCase(name)));
  return Array.isArray(given) ? kept.flat() : Object.fromEntries(kept);
}

function lowerCase(name: unknown): string {
  return String(name).toLowerCase();
}

/** A list of field names, as `Vary` has one, with one more. */
function withField(said: number | string | readonly string[] | undefined, field: string): string {
  const fields = [said ?? []].flat().join(', ');
  const names = fields.split(',').map((name) => name.trim().toLowerCase());
  if (names.includes(field.toLowerCase()) || names.includes('*')) return fields;
  return fields === '' ? field : `${fields}, ${field}`;
}
