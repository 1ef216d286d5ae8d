import { html, type Html } from '../markup.ts';

const width = 6;
const gap = 2;
const height = 56;

/** One bar for each minute, oldest first, drawn on the server. The caption says in words what the bars show. */
export function minuteChart(chart: {
  readonly title: string;
  readonly minutes: readonly number[];
  readonly look?: 'ends';
}): Html {
  const { title, minutes, look = '' } = chart;
  const most = Math.max(1, ...minutes);
  const total = minutes.reduce((sum, number) => sum + number, 0);
  const whole = minutes.length * (width + gap) - gap;
  const bars = minutes.map((number, index) => {
    const tall = number === 0 ? 2 : Math.max(4, Math.round((number / most) * height));
    return html`<rect
      class="bar ${number === 0 ? 'none' : look}"
      x="${index * (width + gap)}"
      y="${height - tall}"
      width="${width}"
      height="${tall}"
      rx="1.5"
    />`;
  });
  const words = `${title}: ${total.toLocaleString('en')} in ${minutes.length} minutes, at most ${Math.max(0, ...minutes).toLocaleString('en')} in one.`;
  return html`<figure class="panel chart">
    <figcaption class="head"><span>${title}</span><strong>${total.toLocaleString('en')}</strong></figcaption>
    <svg viewBox="0 0 ${whole} ${height}" preserveAspectRatio="none" role="img" aria-label="${words}">
      ${bars}
    </svg>
    <p class="axis" aria-hidden="true">
      <span>${minutes.length} min ago</span
      ><span>most: ${Math.max(0, ...minutes).toLocaleString('en')}/min</span><span>now</span>
    </p>
  </figure>`;
}
