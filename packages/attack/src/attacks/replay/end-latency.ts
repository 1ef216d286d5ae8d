import { attacks, type Attack } from '../../attack-row.ts';
import type { Lab } from '../../run/lab.ts';
import { endSession, presentEnded, type AfterEnd } from '../../run/session-end.ts';
import { accepted, inconclusive, refused, type Judgement } from '../../run/verdict.ts';

const sessions = 10;

/** How soon an end is seen, measured. */
export const endLatency: readonly Attack[] = attacks(
  {
    family: 'replay',
    needs: ['fresh', 'end'],
    maps: { asvs401: ['3.3.1'], asvs403: ['3.3.1'], asvs50: ['7.4.1', '10.4.9'], cwe: ['CWE-613'] },
    why: 'One end that comes late may be chance: ten show what owners of a copied token have to wait for.',
    fix: 'Tell every guard of an end at once, over a connection that stays open, and measure how long that takes.',
  },
  [
    {
      name: 'latency-of-ends',
      title: `${sessions} sessions ended one after the other: how soon is each refused?`,
      run: measure,
    },
  ],
);

async function measure(lab: Lab): Promise<Judgement> {
  const seen: AfterEnd[] = [];
  for (let count = 0; count < sessions; count += 1) {
    const credential = await lab.fresh();
    const before = await lab.present(credential.token, { credential });
    if (!lab.isAccepted(before)) return inconclusive('a fresh session was not accepted', before);
    if ((await endSession(lab, credential)) === undefined)
      return inconclusive('the session could not be ended');
    const after = await presentEnded(lab, credential);
    if (!after.isRefused) return late(lab, after);
    seen.push(after);
  }
  const times = seen.map(({ ms }) => ms).sort((one, two) => one - two);
  const [median = 0, most = 0] = [times[sessions >> 1], times.at(-1)];
  const measured = `from an end to its first refusal: ${inMs(median)} (median), ${inMs(most)} (at most), of ${sessions}`;
  const last = seen.at(-1);
  return { ...refused(measured, ...(last === undefined ? [] : [last.last])), measured };
}

function late(lab: Lab, { ms, last }: AfterEnd): Judgement {
  return lab.isAccepted(last)
    ? accepted(`still accepted ${inMs(ms)} after the end`, last)
    : inconclusive('neither accepted nor refused after the end', last);
}

function inMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
