import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { describeReply } from '../../run/calibration.ts';
import type { Exchange } from '../../http/exchange.ts';
import { segment } from '../../forge.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, refused, type Judgement } from '../../run/verdict.ts';

type Costly = (lab: Lab) => string;

const least = 8;

/** Tokens that are small enough for one header and cost much to read carelessly. */
const tokens: Readonly<Record<string, Costly>> = {
  dots: () => '.'.repeat(12_000),
  'dots-between': () => 'a.'.repeat(6000),
  'one-long-segment': () => 'A'.repeat(12_000),
  'long-header': (lab) => lab.altered({ header: { pad: 'x'.repeat(8000) } }),
  'long-kid': (lab) => lab.altered({ header: { kid: 'k'.repeat(8000) } }),
  'long-signature': (lab) => lab.altered({ signature: 'A'.repeat(10_000) }),
  'deep-header': (lab) => lab.altered({ headerText: nested('[', ']', 4000) }),
  'deep-payload': (lab) => lab.altered({ payloadText: nested('[', ']', 4000) }),
  'deep-objects': (lab) => lab.altered({ payloadText: nested('{"a":', '}', 1200, '1') }),
  'many-members': (lab) => lab.altered({ payloadText: members(900) }),
  'colliding-members': (lab) => lab.altered({ payloadText: members(900, '__proto__') }),
  'huge-number': (lab) => lab.altered({ payloadText: `{"exp":${'9'.repeat(8000)}}` }),
  'long-exponent': (lab) => lab.altered({ payloadText: '{"exp":1e999999999}' }),
  'repeated-letters': () => `${segment({ alg: 'RS256' })}.${segment({ iss: `${'a'.repeat(6000)}!` })}.AAAA`,
  'spaces-in-header': () => `${' '.repeat(6000)}x`,
  'pbes2-count': (lab) =>
    jwe(lab, { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2_000_000_000, p2s: 'AAAA' }),
  'pbes2-count-million': (lab) =>
    jwe(lab, { alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 50_000_000, p2s: 'AAAA' }),
  'many-equal-signs': () => `a.b.${'='.repeat(8000)}`,
};

/** Small requests that cost much. One request each: nothing here is a flood. */
export const exhaustion: readonly Attack[] = attacks(
  {
    family: 'resources',
    needs: ['jws'],
    maps: {
      asvs401: ['12.1.1'],
      asvs403: ['12.1.1'],
      asvs50: ['2.4.1'],
      cwe: ['CWE-400', 'CWE-770', 'CWE-1333'],
    },
    why: 'One small request keeps the server busy for long: a few of them a second, and nobody else is served.',
    fix: 'Refuse a token by its length before anything in it is read, verify before parsing, and know no costly algorithm.',
  },
  Object.entries(tokens).map(([name, make]): Row => ({
    name,
    title: `how long does this take? ${name.replaceAll('-', ' ')}`,
    run: (lab) => timed(lab, make),
  })),
);

const odd: Readonly<Record<string, Costly>> = {
  'empty-segments': () => '..',
  'one-dot': () => '.',
  'null-header': () => `${segment('null')}.${segment('null')}.AAAA`,
  'list-header': () => `${segment('[]')}.${segment('[]')}.AAAA`,
  'number-algorithm': () => `${segment({ alg: 1 })}.e30.AAAA`,
  'object-algorithm': () => `${segment({ alg: {} })}.e30.AAAA`,
  'broken-utf-8': () => `${segment(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))}.e30.AAAA`,
  'nothing-decodes': () => '%%%.%%%.%%%',
  'prototype-members': () => `${segment('{"__proto__":null,"constructor":1,"toString":2}')}.e30.AAAA`,
  'payload-null': (lab) => lab.altered({ payloadText: 'null' }),
  'percent-escape': () => '%E0%A4%A',
};

/** Odd input that makes careless code throw: a refusal is due, not a fault. */
export const faults: readonly Attack[] = attacks(
  {
    family: 'resources',
    needs: ['jws'],
    maps: { asvs401: ['7.4.1'], asvs403: ['7.4.1'], asvs50: ['16.5.3'], cwe: ['CWE-755', 'CWE-248'] },
    why: 'Input that ends a request with a fault may end the process with the next one, and hides a refusal from alarms.',
    fix: 'Treat every text as input that can be refused: one place that turns whatever parsing throws into 401.',
  },
  Object.entries(odd).map(([name, make]): Row => ({
    name: `fault-${name}`,
    title: `is this refused, or does the server fail? ${name.replaceAll('-', ' ')}`,
    run: (lab) => stands(lab, make(lab)),
  })),
);

async function timed(lab: Lab, make: Costly): Promise<Judgement> {
  const exchange = await lab.present(make(lab));
  if (lab.isAccepted(exchange)) return lab.judge(exchange);
  if (exchange.reply.ms < lab.patience.slow) return took(exchange);
  // A busy machine is slow as well: only what is slow again, and much slower than an honest request, is the token's doing.
  const honest = await lab.control();
  const again = await lab.present(make(lab));
  const isSlow = again.reply.ms >= lab.patience.slow && again.reply.ms > honest.reply.ms * least;
  return isSlow ? accepted(`it took ${Math.round(again.reply.ms)} ms`, again) : took(again);
}

function took(exchange: Exchange): Judgement {
  const { reply } = exchange;
  if (reply.kind === 'timeout') return inconclusive(reply.why, exchange);
  return refused(`answered within ${Math.ceil(reply.ms)} ms`, exchange);
}

async function stands(lab: Lab, token: string): Promise<Judgement> {
  const exchange = await lab.present(token);
  if (isRefusal(exchange)) return lab.judge(exchange);
  // Once may be chance: a fault that the text makes comes again.
  const again = await lab.present(token);
  if (isRefusal(again)) return lab.judge(again);
  return accepted(`not refused, but failed twice: ${describeReply(again.reply)}`, again);
}

function isRefusal({ reply }: Exchange): boolean {
  return reply.kind === 'answer' && reply.status < 500;
}

function nested(open: string, close: string, depth: number, inside = ''): string {
  return `${open.repeat(depth)}${inside}${close.repeat(depth)}`;
}

function members(count: number, prefix = 'm'): string {
  const list = Array.from({ length: count }, (_, at) => `"${prefix}${at}":0`);
  return `{${list.join(',')}}`;
}

function jwe(lab: Lab, header: object): string {
  const part = (length: number): string => lab.random.bytes(length).toString('base64url');
  return `${segment(JSON.stringify(header))}.${part(24)}.${part(12)}.${part(32)}.${part(16)}`;
}
