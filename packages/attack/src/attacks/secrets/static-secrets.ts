import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Exchange, HeaderList } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';

const logins = [
  'admin:admin',
  'admin:password',
  'admin:',
  'root:root',
  'test:test',
  'user:user',
  'guest:guest',
  'api:api',
  'administrator:administrator',
  'root:toor',
  'demo:demo',
  'postgres:postgres',
  'elastic:changeme',
  'tomcat:tomcat',
  'user:password',
  ':',
];
const keyHeaders = [
  'X-API-Key',
  'Api-Key',
  'X-Auth-Token',
  'X-Access-Token',
  'X-Secret',
  'Ocp-Apim-Subscription-Key',
];
const keyWords = ['test', 'secret', 'changeme'];
const bearerWords = [
  'null',
  'undefined',
  'true',
  'admin',
  'debug',
  'dev',
  'internal',
  'default',
  '12345',
  '[object Object]',
];
/** Cookies and parameters in which applications once noted who may come in. */
const switches = [
  'admin=true',
  'debug=1',
  'authenticated=1',
  'role=admin',
  'isAdmin=true',
  'test=1',
  'auth=1',
  'bypass=1',
];
const queryNames = ['access_token', 'token', 'jwt', 'auth', 'id_token'];

/** Doors beside the token: logins and keys that never change, and tokens in places where they leak. */
export const staticSecrets: readonly Attack[] = attacks(
  {
    family: 'secrets',
    needs: [],
    maps: {
      asvs401: ['3.5.2', '2.10.4'],
      asvs403: ['3.5.2'],
      asvs50: ['7.2.2'],
      cwe: ['CWE-798', 'CWE-1392'],
    },
    why: 'A secret that never changes works for whoever has ever seen it, for ever.',
    fix: 'Take session tokens alone; remove old API keys and default logins, and refuse what else a request brings.',
  },
  [
    ...logins.map((login): Row => ({
      name: `basic-${login === ':' ? 'empty' : login.replace(':', '-').replace(/-$/, '-empty')}`,
      title: `the login ${login} by HTTP Basic`,
      run: (lab) => without(lab, [['Authorization', `Basic ${Buffer.from(login).toString('base64')}`]]),
    })),
    ...keyHeaders.flatMap((header) =>
      keyWords.map((word): Row => ({
        name: `${header.toLowerCase()}-${word}`,
        title: `the API key "${word}" in ${header}`,
        run: (lab) => without(lab, [[header, word]]),
      })),
    ),
    ...keyWords.map((word): Row => ({
      name: `bearer-${word}`,
      title: `the bearer token "${word}"`,
      run: (lab) => without(lab, [['Authorization', `Bearer ${word}`]]),
    })),
    ...bearerWords.map((word): Row => ({
      name: `bearer-${word.toLowerCase().replace(/\W+/g, '-').replace(/^-|-$/g, '')}`,
      title: `the bearer token "${word}"`,
      run: (lab) => without(lab, [['Authorization', `Bearer ${word}`]]),
    })),
    ...switches.flatMap((text): readonly Row[] => [
      {
        name: `cookie-${text.replace('=', '-')}`.toLowerCase(),
        title: `no credential, and the cookie ${text}`,
        run: (lab) => without(lab, [['Cookie', text]]),
      },
      {
        name: `query-${text.replace('=', '-')}`.toLowerCase(),
        title: `no credential, and ${text} in the query`,
        run: (lab) => without(lab, [], text),
      },
    ]),
    ...keyWords.map((word): Row => ({
      name: `query-key-${word}`,
      title: `the API key "${word}" in the query`,
      run: (lab) => without(lab, [], `api_key=${word}&apikey=${word}&key=${word}`),
    })),
  ],
);

/** Tokens taken from a URL, where proxies, histories and logs keep them. */
export const tokensInUrls: readonly Attack[] = attacks(
  {
    family: 'secrets',
    needs: [],
    maps: {
      asvs401: ['3.1.1'],
      asvs403: ['3.1.1'],
      asvs50: ['14.2.1'],
      rfc9700: ['4.3.2'],
      cwe: ['CWE-598'],
    },
    why: 'What stands in a URL stands in histories, logs and Referer headers: the token leaks.',
    fix: 'Read the token from its header or cookie alone.',
  },
  queryNames.map((name): Row => ({
    name: `token-in-query-${name.replace('_', '-')}`,
    title: `the honest token in the query, as ${name}`,
    run: (lab) => inQuery(lab, name),
  })),
);

function without(lab: Lab, headers: HeaderList, query = ''): Promise<Exchange> {
  return lab.send({ url: withQuery(lab.url, query), method: lab.method, headers });
}

function inQuery(lab: Lab, name: string): Promise<Exchange> {
  const url = withQuery(lab.url, `${name}=${encodeURIComponent(lab.a.token)}`);
  return lab.present(lab.a.token, { authorization: [], url });
}

function withQuery(url: string, query: string): string {
  if (query === '') return url;
  return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}
