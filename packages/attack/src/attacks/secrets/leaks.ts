import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Exchange } from '../../http/exchange.ts';
import { segment } from '../../forge.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, refused, type Judgement } from '../../run/verdict.ts';

type Odd = (lab: Lab, canary: string) => Promise<Exchange>;

const requests: Readonly<Record<string, Odd>> = {
  'garbage-token': (lab, canary) => lab.present(`${canary}.${canary}.${canary}`),
  'no-json': (lab, canary) => lab.present(`${segment(`{"alg":"${canary}"`)}.e30.${canary}`),
  'unknown-algorithm': (lab, canary) => lab.present(`${segment({ alg: canary })}.e30.c2ln`),
  'unknown-kid': (lab, canary) => lab.present(`${segment({ alg: 'RS256', kid: canary })}.e30.c2ln`),
  'unknown-scheme': (lab, canary) => lab.present(lab.a.token, { authorization: [`${canary} x`], proof: [] }),
  'percent-in-token': (lab, canary) => lab.present(`%ff${canary}`),
  'garbage-proof': (lab, canary) => lab.present(lab.a.token, { proof: [`${canary}.${canary}.${canary}`] }),
  'long-token': (lab, canary) => lab.present(canary.repeat(200)),
};

// File and line, as the engines of many languages print them.
const trace =
  /(?:\bat .+\.[cm]?[jt]s:\d+:\d+)|(?:Traceback \(most recent call last\))|(?:\bat [\w.$]+\([\w]+\.java:\d+\))|(?:\bgoroutine \d+ \[)|(?:\.php on line \d+)|(?:\.rb:\d+:in )/;

/** What refusals give away. */
export const leaks: readonly Attack[] = attacks(
  {
    family: 'secrets',
    needs: [],
    maps: {
      asvs401: ['7.4.1', '8.3.1'],
      asvs403: ['7.4.1'],
      asvs50: ['16.5.1'],
      cwe: ['CWE-209', 'CWE-532'],
    },
    why: 'What an answer repeats is kept in logs and pages of others; what it tells of the inside helps the next attack.',
    fix: 'Answer a refusal with a fixed text and a code; keep the reason for the log, without the credential.',
  },
  Object.entries(requests).flatMap(([name, send]): readonly Row[] => [
    {
      name: `repeated-${name}`,
      title: `does a refusal repeat the credential? (${name.replaceAll('-', ' ')})`,
      run: (lab) => repeats(lab, send),
    },
    {
      name: `trace-${name}`,
      title: `does a refusal show the inside? (${name.replaceAll('-', ' ')})`,
      run: (lab) => shows(lab, send),
    },
  ]),
);

async function repeats(lab: Lab, send: Odd): Promise<Judgement> {
  const canary = `canary${lab.random.bytes(9).toString('hex')}`;
  const exchange = await send(lab, canary);
  const text = textOf(exchange);
  if (text === undefined) return inconclusive('there was no answer to look at', exchange);
  return text.includes(canary)
    ? accepted('the answer repeats a part of the credential', exchange)
    : refused('the answer repeats nothing of the credential', exchange);
}

async function shows(lab: Lab, send: Odd): Promise<Judgement> {
  const exchange = await send(lab, 'AAAA');
  const text = textOf(exchange);
  if (text === undefined) return inconclusive('there was no answer to look at', exchange);
  const found = trace.exec(text)?.[0];
  return found === undefined
    ? refused('the answer shows no trace of calls', exchange)
    : accepted(`the answer shows a trace of calls: ${found.slice(0, 80)}`, exchange);
}

function textOf({ reply }: Exchange): string | undefined {
  if (reply.kind !== 'answer') return undefined;
  return [...reply.headers.map(([name, value]) => `${name}: ${value}`), reply.body].join('\n');
}
