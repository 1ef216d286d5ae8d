/**
 * By what names are compared: two that a person would read as one are one, whatever their case and their width.
 *
 * Upper case first, since only then do all forms of a letter meet (`ß` and `SS`, both of Greek's small sigmas).
 */
export function foldName(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC').trim();
}
