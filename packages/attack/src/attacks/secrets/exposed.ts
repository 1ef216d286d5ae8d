import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, refused, type Judgement } from '../../run/verdict.ts';

/** Where frameworks and habits leave what should not be seen. One request each. */
const paths = [
  '/.env',
  '/.env.local',
  '/.git/config',
  '/.npmrc',
  '/config.json',
  '/appsettings.json',
  '/debug',
  '/debug/vars',
  '/debug/pprof/cmdline',
  '/actuator/env',
  '/actuator/configprops',
  '/actuator/httptrace',
  '/_profiler',
  '/__debug__/sql/',
  '/phpinfo.php',
  '/server-status',
  '/metrics',
  '/trace.axd',
  '/elmah.axd',
  '/console',
  '/jwks',
  '/.well-known/jwks.json',
  '/private.pem',
  '/key.pem',
] as const;

/** What only a secret looks like: private keys, settings with their values, connection strings, signed tokens. */
const secrets: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a private key', /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/],
  ['a private JWK', /"(?:d|k)"\s*:\s*"[\w-]{20,}"/],
  ['a connection string with its password', /\b[a-z][a-z0-9+]*:\/\/[^\s:/@"']+:[^\s:/@"'*]+@[^\s/"']+/],
  ['a secret by its name', /\b\w*(?:SECRET|PASSWORD|PRIVATE_KEY|API_KEY)\w*\s*[=:]\s*["']?[^\s"'*<>{}]{6,}/i],
  ['a token', /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/],
];

/** Requests that make a server stumble, and what it then tells. */
const stumbles: Readonly<Record<string, (lab: Lab) => Promise<Exchange>>> = {
  'unknown-path': (lab) => lab.send({ ...bare(lab), url: new URL('/nothing-is-here', lab.url).href }),
  'broken-path': (lab) => lab.send({ ...bare(lab), path: '/%E0%A4%A' }),
  'broken-json': (lab) =>
    lab.present(lab.a.token, {
      method: 'POST',
      headers: [['Content-Type', 'application/json']],
      body: '{"a":',
    }),
  'broken-form': (lab) =>
    lab.present(lab.a.token, {
      method: 'POST',
      headers: [['Content-Type', 'application/x-www-form-urlencoded']],
      body: '%E0%A4%A=1',
    }),
  'unknown-method': (lab) => lab.present(lab.a.token, { method: 'PROPFIND' }),
  'broken-cookie': (lab) => lab.send({ ...bare(lab), headers: [['Cookie', '%E0%A4%A=%E0%A4%A; =; ;;']] }),
  'strange-accept': (lab) => lab.send({ ...bare(lab), headers: [['Accept', '*/*;q=9, x/;;,']] }),
  'array-in-query': (lab) => lab.send({ ...bare(lab), url: `${lab.url}?a[]=1&a[b]=2&__proto__[x]=1` }),
};

/** Secrets that lie open. */
export const exposed: readonly Attack[] = attacks(
  {
    family: 'secrets',
    needs: [],
    maps: {
      asvs401: ['14.3.2', '14.3.3', '2.10.4'],
      asvs403: ['14.3.2', '14.3.3', '2.10.4'],
      asvs50: ['13.4.1', '13.4.2', '13.4.5'],
      cwe: ['CWE-538', 'CWE-497', 'CWE-209', 'CWE-215'],
    },
    why: 'Whoever reads a key or a password there makes every token and every session himself.',
    fix: 'Serve nothing but what is meant to be served; no debug pages and no settings outside of development.',
  },
  [
    ...paths.map((path): Row => ({
      name: `exposed-${path.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')}`,
      title: `does ${path} give a secret away?`,
      run: async (lab) => {
        const url = new URL(path, lab.url).href;
        return revealed(await lab.send({ url, method: 'GET', headers: [], keep: 65_536 }), lab);
      },
    })),
    ...Object.entries(stumbles).map(([name, stumble]): Row => ({
      name: `told-after-${name}`,
      title: `does a fault give a secret away? (${name.replaceAll('-', ' ')})`,
      run: async (lab) => revealed(await stumble(lab), lab),
    })),
  ],
);

function revealed(exchange: Exchange, lab: Lab): Judgement {
  const { reply } = exchange;
  if (reply.kind !== 'answer') return inconclusive('there was no answer to look at', exchange);
  const found = secrets.find(([, pattern]) => pattern.test(reply.body))?.[0];
  if (found !== undefined) return accepted(`the answer holds ${found}`, exchange);
  return reply.body.includes(lab.a.token)
    ? accepted('the answer holds the token of the honest request', exchange)
    : refused(`answered ${reply.status}, with nothing that looks like a secret`, exchange);
}

function bare({ url, method }: Lab): { url: string; method: string; headers: readonly [] } {
  return { url, method, headers: [] };
}
