import type { Exchange } from './http/exchange.ts';
import type { Lab } from './run/lab.ts';
import type { Need } from './run/need.ts';
import type { Judgement } from './run/verdict.ts';

/** What an attack has to do with standards and weaknesses: ids as they stand there, without further words. */
export interface Maps {
  readonly asvs401: readonly string[];
  readonly asvs403: readonly string[];
  readonly asvs50: readonly string[];
  readonly rfc8725bis: readonly string[];
  readonly rfc9700: readonly string[];
  readonly cwe: readonly string[];
}

/** One attack. */
export interface Attack {
  /** `<family>/<name>`; it never changes its meaning. */
  readonly id: string;
  readonly family: string;
  readonly title: string;
  readonly needs: readonly Need[];
  readonly maps: Maps;
  /** Why it matters that this is accepted: what an attacker wins. */
  readonly why: string;
  readonly fix: string;
  /**
   * Tries it. An exchange is judged by its answer, several by the worst of them; what cannot be judged by answers alone
   * returns a {@link Judgement}. It may throw `Missing` for what the lab lacks.
   */
  readonly run: (lab: Lab) => Promise<Exchange | readonly Exchange[] | Judgement>;
}

/** What the attacks of a table have in common. */
export interface Family {
  readonly family: string;
  readonly needs: readonly Need[];
  readonly maps: Partial<Maps>;
  readonly why: string;
  readonly fix: string;
}

/** One row of a table: what is its own, and what it overrides. */
export interface Row extends Partial<Omit<Family, 'family'>> {
  readonly name: string;
  readonly title: string;
  readonly run: Attack['run'];
}

/** Makes the attacks of a table. The needs of a row are added to those of the table; its maps replace theirs one by one. */
export function attacks(family: Family, rows: readonly Row[]): readonly Attack[] {
  return rows.map((row) => ({
    id: `${family.family}/${row.name}`,
    family: family.family,
    title: row.title,
    needs: [...new Set([...family.needs, ...(row.needs ?? [])])],
    maps: { ...noMaps, ...family.maps, ...row.maps },
    why: row.why ?? family.why,
    fix: row.fix ?? family.fix,
    run: row.run,
  }));
}

const noMaps: Maps = { asvs401: [], asvs403: [], asvs50: [], rfc8725bis: [], rfc9700: [], cwe: [] };
