import type { Findings, Measure, Ratio, Row } from './bench.ts';

const words: Readonly<Record<Measure, string>> = { cpu: 'CPU time', elapsed: 'elapsed time' };

/** Prints what a bench found: a line a contender, with its comparisons behind it. */
export function formatFindings({ rows, ratios, measure }: Findings): string {
  const other = measure === 'cpu' ? 'elapsed' : 'cpu';
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map((row) => {
    const own = ratios.filter((ratio) => ratio.row === row.name);
    const [first = '', ...more] = own.map((ratio) => formatRatio(ratio, measure));
    const start = formatRow(row, width);
    return [start + first, ...more.map((text) => ' '.repeat(start.length) + text)].join('\n');
  });
  const legend = `  (ratios by ${words[measure]}, their quartiles in round brackets; by ${words[other]} in square ones)`;
  return [...lines, legend].join('\n');
}

function formatRow({ name, rate, cpu }: Row, width: number): string {
  const perSecond = Math.round(rate).toLocaleString('en').padStart(10);
  return `  ${name.padEnd(width)} ${perSecond}/s ${formatNumber(cpu).padStart(6)} µs CPU  `;
}

function formatRatio(ratio: Ratio, measure: Measure): string {
  const { against, aim, met } = ratio;
  const { median, lowerQuartile, upperQuartile } = ratio[measure];
  const spread = `(${formatNumber(lowerQuartile)}–${formatNumber(upperQuartile)})`;
  const other = `[${formatNumber(ratio[measure === 'cpu' ? 'elapsed' : 'cpu'].median)}]`;
  const verdict = aim === undefined ? '' : `  aim ≥ ${aim} ×: ${met === true ? 'met' : 'NOT MET'}`;
  return `${formatNumber(median)} × ${against} ${spread} ${other}${verdict}`;
}

function formatNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
