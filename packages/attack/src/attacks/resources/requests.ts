import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { describeReply } from '../../run/calibration.ts';
import type { Exchange, HeaderList } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, refused, type Judgement } from '../../run/verdict.ts';

const slow = 1000;

/** Requests that two servers in a row may cut at different places. Each goes alone, on a connection that is then closed. */
const framings: Readonly<Record<string, HeaderList>> = {
  'length-and-chunked': [
    ['Content-Length', '5'],
    ['Transfer-Encoding', 'chunked\r\n\r\n0'],
  ],
  'two-lengths': [
    ['Content-Length', '0'],
    ['Content-Length', '5\r\n\r\nhello'],
  ],
  'length-with-plus': [['Content-Length', '+0\u0000']],
  'length-negative': [['Content-Length', '-1\r\n']],
  'length-in-hex': [['Content-Length', '0x0\r\n']],
  'chunked-with-space-before-colon': [['Transfer-Encoding ', 'chunked\r\n\r\n0']],
  'chunked-twice': [
    ['Transfer-Encoding', 'chunked'],
    ['Transfer-Encoding', 'cow\r\n\r\n0'],
  ],
  'chunked-with-tab': [['Transfer-Encoding', '\u000bchunked\r\n\r\n0']],
  'unknown-coding': [['Transfer-Encoding', 'xchunked\r\n\r\n0']],
  'folded-header': [['X-Folded', 'a\r\n b']],
  'nul-in-header': [['X-Nul', 'a\u0000b']],
  'bare-line-feed': [['X-Bare', 'a\nX-Smuggled: b']],
  'bare-carriage-return': [['X-Bare', 'a\rX-Smuggled: b']],
};

/** Headers that cost much to read carelessly; small enough for every server's limit, or refused by it. */
const heavy: Readonly<Record<string, HeaderList>> = {
  'many-cookies': [['Cookie', Array.from({ length: 900 }, (_, at) => `c${at}=1`).join('; ')]],
  'cookie-without-end': [['Cookie', `a="${'\\"'.repeat(3500)}`]],
  'long-cookie-name': [['Cookie', `${'a'.repeat(7000)}=1`]],
  'many-ranges': [['Range', `bytes=${Array.from({ length: 900 }, (_, at) => `${at}-`).join(',')}`]],
  'many-languages': [['Accept-Language', 'en;q=0.1,'.repeat(800)]],
  'accept-with-spaces': [['Accept', `text/html;${' '.repeat(7000)}x`]],
  'long-if-none-match': [['If-None-Match', `${'W/"a",'.repeat(1100)}x`]],
  'many-forwarded': [['X-Forwarded-For', '1.1.1.1,'.repeat(850)]],
  'long-content-type': [['Content-Type', `multipart/form-data; boundary=${'a;'.repeat(3500)}`]],
  'many-schemes': [['Authorization', `${'Bearer '.repeat(1000)}x`]],
  'many-headers': Array.from({ length: 150 }, (_, at) => [`X-Many-${at}`, '1'] as const),
};

/** Requests whose ends are in doubt: a server takes none of them. */
export const framing: readonly Attack[] = attacks(
  {
    family: 'resources',
    needs: [],
    maps: { asvs401: ['13.1.1'], asvs403: ['13.1.1'], asvs50: ['4.2.1'], cwe: ['CWE-444'] },
    why: 'Where a proxy and the server cut a request differently, the rest becomes the beginning of the request of somebody else, with his credential.',
    fix: 'Refuse with 400, and close the connection (RFC 9112 section 6.3); run no lenient parser.',
  },
  Object.entries(framings).map(([name, headers]): Row => ({
    name: `framing-${name}`,
    title: `is a request taken whose end is in doubt? (${name.replaceAll('-', ' ')})`,
    run: async (lab) => cut(await lab.present(lab.a.token, { headers }), lab),
  })),
);

/** Headers beside the token that keep a server busy. */
export const heavyHeaders: readonly Attack[] = attacks(
  {
    family: 'resources',
    needs: [],
    maps: { asvs401: ['12.1.1'], asvs403: ['12.1.1'], asvs50: ['2.4.1'], cwe: ['CWE-400', 'CWE-1333'] },
    why: 'One small request keeps the server busy for long, or brings it down.',
    fix: 'Bound headers and their number, and read them without backtracking.',
  },
  Object.entries(heavy).map(([name, headers]): Row => ({
    name: `headers-${name}`,
    title: `how long does a request take with ${name.replaceAll('-', ' ')}, and does it fail?`,
    run: (lab) => withstood(lab, headers),
  })),
);

function cut(exchange: Exchange, lab: Lab): Judgement {
  if (lab.isAccepted(exchange)) return accepted('answered like the honest request', exchange);
  const { reply } = exchange;
  // Whoever closes without a word, or waits for the rest, has taken nothing.
  if (reply.kind === 'broken' || reply.kind === 'timeout')
    return refused(`no answer: ${reply.why}`, exchange);
  return reply.kind === 'answer'
    ? refused(`answered ${describeReply(reply)}`, exchange)
    : inconclusive(reply.why, exchange);
}

/** Slow or failing once may be chance: what the headers do, they do again. */
async function withstood(lab: Lab, headers: HeaderList): Promise<Judgement> {
  const first = await tried(lab, headers);
  if (flawOf(first) === undefined) return refused(`answered ${describeReply(first.reply)}`, first);
  const again = await tried(lab, headers);
  const flaw = flawOf(again);
  const { reply: honest } = await lab.control();
  const isBusy = again.reply.kind === 'answer' && again.reply.status < 500 && honest.ms * 20 > again.reply.ms;
  return flaw === undefined || isBusy ? refused('not again', again) : accepted(flaw, again);
}

function tried(lab: Lab, headers: HeaderList): Promise<Exchange> {
  return lab.send({ url: lab.url, method: lab.method, headers });
}

function flawOf({ reply }: Exchange): string | undefined {
  if (reply.kind !== 'answer') return reply.kind === 'timeout' ? reply.why : undefined;
  if (reply.status >= 500) return `the server failed: ${reply.status}`;
  return reply.ms >= slow ? `it took ${Math.round(reply.ms)} ms` : undefined;
}
