import type { Findings, Ratio, Row } from './bench.ts';

/** Prints what a bench found: a line a contender, with its comparisons behind it. */
export function formatFindings({ rows, ratios }: Findings): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows
    .map((row) => {
      const own = ratios.filter((ratio) => ratio.row === row.name).map(formatRatio);
      const [first = '', ...more] = own;
      const start = formatRow(row, width);
      return [start + first, ...more.map((text) => ' '.repeat(start.length) + text)].join('\n');
    })
    .join('\n');
}

function formatRow({ name, rate, cpu }: Row, width: number): string {
  const perSecond = Math.round(rate).toLocaleString('en').padStart(10);
  return `  ${name.padEnd(width)} ${perSecond}/s ${formatNumber(cpu).padStart(6)} µs CPU  `;
}

function formatRatio({ median, lowerQuartile, upperQuartile, against, aim, met }: Ratio): string {
  const spread = `${formatNumber(lowerQuartile)}–${formatNumber(upperQuartile)}`;
  const verdict = aim === undefined ? '' : `  aim ≥ ${aim} ×: ${met === true ? 'met' : 'NOT MET'}`;
  return `${formatNumber(median)} × ${against} (${spread})${verdict}`;
}

function formatNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
