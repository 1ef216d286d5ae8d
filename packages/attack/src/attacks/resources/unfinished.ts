import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { describeReply } from '../../run/calibration.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import type { Unfinished } from '../../http/unfinished.ts';
import { accepted, inconclusive, refused, type Judgement } from '../../run/verdict.ts';

interface Slow {
  readonly begin: (lab: Lab) => string;
  /** What is sent again and again: a server that closes silent connections alone waits for ever. */
  readonly drip: string;
}

const slow: Readonly<Record<string, Slow>> = {
  headers: { begin: (lab) => `${startOf(lab, lab.method)}X-Slow: `, drip: 'a' },
  body: {
    begin: (lab) =>
      `${startOf(lab, 'POST')}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\na=`,
    drip: 'a',
  },
};

/** Few enough for every server that anybody runs, and more than the workers that many are set up with. */
const copies = 16;
const least = 8;
const drips = 10;

/** Requests that never end: a few at once, and one that is watched. */
export const unfinishedRequests: readonly Attack[] = attacks(
  {
    family: 'resources',
    needs: [],
    maps: { asvs401: ['12.1.1'], asvs403: ['12.1.1'], asvs50: ['13.2.6'], cwe: ['CWE-400', 'CWE-770'] },
    why: 'One machine that sends a byte now and then holds every place at the server, and nobody else is served.',
    fix: 'Bound the time for headers and for the whole request, and let no connection hold a worker while it is silent.',
  },
  Object.entries(slow).flatMap(([name, what]): readonly Row[] => [
    {
      name: `slow-${name}-many`,
      title: `are others served while the ${name} of ${copies} requests never end?`,
      needs: ['destructive'],
      run: (lab) => besideMany(lab, what),
    },
    {
      name: `slow-${name}-held`,
      title: `how long does a request stay open whose ${name} never end${name === 'body' ? 's' : ''}?`,
      needs: ['hold'],
      run: (lab) => held(lab, what),
    },
  ]),
);

async function besideMany(lab: Lab, { begin, drip }: Slow): Promise<Judgement> {
  const before = await alone(lab);
  const hanging = await Promise.all(Array.from({ length: copies }, () => lab.begin(begin(lab))));
  let beside: Exchange;
  try {
    for (const each of hanging) each.drip(drip);
    beside = await alone(lab);
    // Once may be chance: what these requests do, they do again.
    if (!isServed(lab, { beside, before })) beside = await alone(lab);
  } finally {
    for (const each of hanging) each.close();
  }
  const seen = `beside ${copies} of them an honest request was ${
    beside.reply.kind === 'answer'
      ? `answered within ${Math.ceil(beside.reply.ms)} ms`
      : describeReply(beside.reply)
  }`;
  if (isServed(lab, { beside, before })) return refused(seen, beside);
  for (const pause of [0, ...lab.patience.again]) {
    await lab.wait(pause);
    if (isServed(lab, { beside: await alone(lab), before })) return accepted(seen, beside);
  }
  return inconclusive(`${seen}, and after them as well`, beside);
}

function isServed(lab: Lab, { beside, before }: { beside: Exchange; before: Exchange }): boolean {
  const isSlow = beside.reply.ms >= lab.patience.slow && beside.reply.ms > before.reply.ms * least;
  return lab.isAccepted(beside) && !isSlow;
}

async function held(lab: Lab, { begin, drip }: Slow): Promise<Judgement> {
  const hold = lab.hold();
  const since = performance.now();
  const request = await lab.begin(begin(lab));
  const control = await lab.control();
  try {
    while (request.state() === 'open' && performance.now() - since < hold) {
      await lab.wait(hold / drips);
      request.drip(drip);
    }
    return verdictOf(request, { ms: performance.now() - since, control });
  } finally {
    request.close();
  }
}

function verdictOf(request: Unfinished, { ms, control }: { ms: number; control: Exchange }): Judgement {
  const seconds = (ms / 1000).toFixed(1);
  const measured = `${request.state()} after ${seconds} s`;
  return request.state() === 'open'
    ? { ...accepted(`still open after ${seconds} s`, control), measured }
    : { ...refused(`${request.state()} within ${seconds} s`, control), measured };
}

/** The honest request over a new connection: those that are open already are served in any case. */
function alone(lab: Lab): Promise<Exchange> {
  return lab.present(lab.a.token, { isAlone: true });
}

function startOf({ url }: Lab, method: string): string {
  const { host, pathname, search } = new URL(url);
  return `${method} ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n`;
}
