import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { replyHeader, type Exchange, type HeaderList } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, refused, type Judgement } from '../../run/verdict.ts';

const evil = 'evil.example';
const names = [
  'next',
  'url',
  'redirect',
  'redirect_uri',
  'return_to',
  'returnUrl',
  'continue',
  'dest',
  'target',
  'rd',
  'r',
];

/** Spellings of another site that careless checks take for a path of this one. */
const places: Readonly<Record<string, (host: string) => string>> = {
  absolute: () => `https://${evil}/`,
  'two-slashes': () => `//${evil}/`,
  'three-slashes': () => `///${evil}/`,
  backslash: () => `/\\${evil}/`,
  'without-slashes': () => `https:${evil}`,
  'tab-inside': () => `/\t/${evil}/`,
  'host-as-user': (host) => `https://${host}@${evil}/`,
  'host-as-prefix': (host) => `https://${host}.${evil}/`,
};

const hosts: Readonly<Record<string, HeaderList>> = {
  host: [['Host', evil]],
  'x-forwarded-host': [['X-Forwarded-Host', evil]],
  forwarded: [['Forwarded', `host=${evil}`]],
};

/** Ways away from here, for visitors and for what they carry. */
export const redirects: readonly Attack[] = attacks(
  {
    family: 'web',
    needs: [],
    maps: {
      asvs401: ['5.1.5'],
      asvs403: ['5.1.5'],
      asvs50: ['3.7.2'],
      rfc9700: ['4.11'],
      cwe: ['CWE-601'],
    },
    why: 'A link to this site ends on another one, which looks the same, asks to sign in, or reads what the redirect carries.',
    fix: 'Redirect to paths of a list alone; never to what a request says.',
  },
  [
    ...Object.entries(places).map(([name, place]): Row => ({
      name: `redirect-${name}`,
      title: `is a visitor sent to another site by ${names.length} usual parameters? (${name.replaceAll('-', ' ')})`,
      run: async (lab) => {
        const value = encodeURIComponent(place(new URL(lab.url).host));
        const url = withQuery(lab.url, names.map((each) => `${each}=${value}`).join('&'));
        const stranger = await lab.send({ url, method: 'GET', headers: [] });
        return leadsAway(lab, [stranger, await lab.present(lab.a.token, { url })]);
      },
    })),
    {
      name: 'redirect-by-path',
      title: 'is a visitor sent to another site by a path that starts with its name?',
      run: async (lab) => {
        const path = `//${evil}/%2e%2e`;
        return leadsAway(lab, [await lab.send({ url: lab.url, method: 'GET', headers: [], path })]);
      },
    },
    ...Object.entries(hosts).map(([name, headers]): Row => ({
      name: `host-by-${name}`,
      title: `does a refusal speak of the host that ${name} names?`,
      maps: { cwe: ['CWE-644', 'CWE-601'] },
      why: 'A cache or a mail keeps a link, a challenge or a redirect to the site of an attacker.',
      fix: 'Take the public URL from the configuration.',
      run: (lab) => speaksOf(lab, headers),
    })),
    {
      name: 'token-in-location',
      title: 'does an answer put the token into a URL?',
      maps: { asvs50: ['14.2.1'], rfc9700: ['4.3.2'], cwe: ['CWE-598'] },
      why: 'What stands in a URL stands in histories, logs and Referer headers: the token leaks.',
      fix: 'Carry tokens in headers and cookies alone.',
      run: async (lab) => {
        const exchange = await lab.control();
        const seen = ['location', 'content-location', 'link', 'refresh'].map((name) =>
          replyHeader(exchange.reply, name),
        );
        return seen.some((value) => value?.includes(lab.a.token) === true)
          ? accepted('the token stands in a URL of the answer', exchange)
          : refused('no URL of the answer holds the token', exchange);
      },
    },
    {
      name: 'header-injection',
      title: 'does a line break in a parameter become a header of the answer?',
      maps: { asvs401: ['5.3.1'], asvs403: ['5.3.1'], asvs50: ['1.2.1'], cwe: ['CWE-113'] },
      why: 'An attacker writes headers of the answer: a cookie of his own, or a whole answer for a cache.',
      fix: 'Put nothing of a request into a header without its line breaks taken out.',
      run: async (lab) => {
        const value = '/%0d%0aX-Injected:%20yes';
        const url = withQuery(lab.url, names.map((each) => `${each}=${value}`).join('&'));
        const exchange = await lab.send({ url, method: 'GET', headers: [] });
        return replyHeader(exchange.reply, 'x-injected') === undefined
          ? refused('no header was injected', exchange)
          : accepted('a header of ours stands in the answer', exchange);
      },
    },
  ],
);

function leadsAway(lab: Lab, exchanges: readonly Exchange[]): Judgement {
  const away = exchanges.find(({ reply }) => {
    const location = replyHeader(reply, 'location') ?? '';
    // Browsers drop tabs and line breaks, and read a backslash as a slash.
    const url = URL.parse(location.replace(/[\t\r\n]/g, ''), lab.url);
    return url !== null && (url.hostname === evil || url.hostname.endsWith(`.${evil}`));
  });
  if (away !== undefined) return accepted('the answer leads to another site', away);
  return exchanges.some(({ reply }) => reply.kind === 'answer')
    ? refused('no answer leads away', ...exchanges)
    : inconclusive('there was no answer to look at', ...exchanges);
}

async function speaksOf(lab: Lab, headers: HeaderList): Promise<Judgement> {
  const exchange = await lab.send({ url: lab.url, method: lab.method, headers });
  const { reply } = exchange;
  if (reply.kind !== 'answer') return inconclusive('there was no answer to look at', exchange);
  const found = reply.headers.find(([, value]) => value.includes(evil));
  if (found !== undefined) return accepted(`${found[0]} names the host that the request brought`, exchange);
  return reply.body.includes(evil)
    ? accepted('the body names the host that the request brought', exchange)
    : refused('the answer does not speak of it', exchange);
}

function withQuery(url: string, query: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}
