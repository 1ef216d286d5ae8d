/** How long something took, over many times, in ms. */
export interface Delay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How long something took at one contender; with limits, it should take less than them. */
export interface DelayRow {
  readonly name: string;
  readonly times: Delay;
  readonly limits?: Partial<Delay>;
}

/** What a bench of delays found: how long things took, and what else is to be said. */
export interface Delays {
  readonly kind: 'delays';
  readonly rows: readonly DelayRow[];
  readonly notes: readonly string[];
}

/** Sums up how long something took each time, in ms. */
export function delayOf(times: readonly number[]): Delay {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** Prints what a bench of delays found: a line a contender, with its limits beside. */
export function formatDelays({ rows, notes }: Delays): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, times, limits = {} }) => {
    const cells = (['p50', 'p99', 'max'] as const).map((part) => formatCell(part, { times, limits }));
    return `  ${name.padEnd(width)}  ${cells.join('  ')}`;
  });
  return [...lines, ...notes.map((note) => `  ${note}`)].join('\n');
}

function formatCell(part: keyof Delay, { times, limits }: { times: Delay; limits: Partial<Delay> }): string {
  const limit = limits[part];
  const value = times[part];
  const verdict = limit === undefined ? '' : ` (limit ${limit}: ${value < limit ? 'met' : 'NOT MET'})`;
  return `${part} ${value.toFixed(0).padStart(6)} ms${verdict}`;
}
