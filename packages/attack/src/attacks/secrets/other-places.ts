import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Exchange, HeaderList } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, Missing, refused } from '../../run/verdict.ts';

const headers = [
  'X-Access-Token',
  'X-Auth-Token',
  'X-Token',
  'X-JWT',
  'Token',
  'Access-Token',
  'X-Authorization',
  'X-Forwarded-Authorization',
  'Proxy-Authorization',
  'Authorization_',
  'X-ID-Token',
  'Sec-WebSocket-Protocol',
];
const cookies = ['token', 'access_token', 'jwt', 'session', 'sid', 'auth', 'Authorization', 'id_token'];
const queryNames = [
  'bearer_token',
  'session',
  'sid',
  'authorization',
  'Authorization',
  'api_token',
  'x-access-token',
];

/** The honest token, in places where another door may read it. */
export const otherPlaces: readonly Attack[] = attacks(
  {
    family: 'secrets',
    needs: [],
    maps: {
      asvs401: ['3.1.1', '13.1.3'],
      asvs403: ['3.1.1', '13.1.3'],
      asvs50: ['14.2.1'],
      rfc9700: ['4.3.2'],
      cwe: ['CWE-522', 'CWE-598', 'CWE-288'],
    },
    why: 'A second door is a door that fewer rules watch: what it takes leaks into logs, or comes from other sites.',
    fix: 'Read the token in one place, and refuse a request that brings it in another.',
  },
  [
    ...headers.map((name): Row => ({
      name: `token-in-header-${name.toLowerCase().replace(/_$/, '-underscore')}`,
      title: `the honest token in the header ${name}`,
      run: (lab) => {
        const { carrier } = lab.a;
        if (carrier.kind === 'header' && carrier.name.toLowerCase() === name.toLowerCase())
          throw new Missing('bearer', 'that is where it belongs');
        return moved(lab, {
          headers: [[name, name.includes('uthorization') ? `Bearer ${lab.a.token}` : lab.a.token]],
        });
      },
    })),
    {
      name: 'token-in-cookies',
      title: `the honest token in ${cookies.length} cookies of usual names`,
      run: (lab) => {
        const { carrier } = lab.a;
        const others = cookies.filter((name) => carrier.kind !== 'cookie' || carrier.name !== name);
        return moved(lab, {
          headers: [['Cookie', others.map((name) => `${name}=${lab.a.token}`).join('; ')]],
        });
      },
    },
    ...queryNames.map((name): Row => ({
      name: `token-in-query-named-${name === 'Authorization' ? 'capital-authorization' : name.replaceAll('_', '-')}`,
      title: `the honest token in the query, as ${name}`,
      run: (lab) => moved(lab, { query: `${name}=${encodeURIComponent(lab.a.token)}` }),
    })),
    {
      name: 'token-in-path',
      title: 'the honest token as a parameter of the path, as jsessionid once was',
      run: async (lab) => {
        const { pathname } = new URL(lab.url);
        const path = `${pathname};jsessionid=${lab.a.token};access_token=${lab.a.token}`;
        const exchange = await moved(lab, { path });
        const isUnknown = exchange.reply.kind === 'answer' && exchange.reply.status === 404;
        return isUnknown ? refused('there is no such path', exchange) : exchange;
      },
    },
    {
      name: 'token-as-user',
      title: 'the honest token as the user name of HTTP Basic',
      run: (lab) => basic(lab, `${lab.a.token}:`),
    },
    {
      name: 'token-as-password',
      title: 'the honest token as the password of HTTP Basic',
      run: (lab) => basic(lab, `x-token:${lab.a.token}`),
    },
    {
      name: 'token-in-form',
      title: 'the honest token in a form, as access_token',
      why: 'A form of another site makes a visitor act in the session of an attacker; and what is bound to a key comes without it.',
      run: (lab) =>
        posted(lab, {
          type: 'application/x-www-form-urlencoded',
          body: `access_token=${lab.a.token}&token=${lab.a.token}`,
        }),
    },
    {
      name: 'token-in-json',
      title: 'the honest token in a JSON body',
      run: (lab) =>
        posted(lab, {
          type: 'application/json',
          body: JSON.stringify({ access_token: lab.a.token, token: lab.a.token, jwt: lab.a.token }),
        }),
    },
    {
      name: 'token-echoed-by-trace',
      title: 'does TRACE send the credential back?',
      maps: { asvs401: ['14.5.1'], asvs403: ['14.5.1'], asvs50: ['13.4.4'], cwe: ['CWE-693'] },
      why: 'A script reads from the echo what HttpOnly keeps from it.',
      fix: 'Refuse the method TRACE, at the proxy too.',
      run: async (lab) => {
        const exchange = await lab.present(lab.a.token, { method: 'TRACE' });
        const { reply } = exchange;
        if (reply.kind !== 'answer') return inconclusive('there was no answer to look at', exchange);
        return reply.body.includes(lab.a.token)
          ? accepted('the answer repeats the credential', exchange)
          : refused('the answer repeats nothing', exchange);
      },
    },
  ],
);

interface Moved {
  readonly headers?: HeaderList;
  readonly query?: string;
  readonly path?: string;
}

/** The honest request without its credential, which stands elsewhere: no proof, no cookie, no Authorization. */
function moved(lab: Lab, { headers: more = [], query, path }: Moved): Promise<Exchange> {
  const url = query === undefined ? lab.url : `${lab.url}${lab.url.includes('?') ? '&' : '?'}${query}`;
  const request = { url, method: lab.method, headers: more };
  return lab.send(path === undefined ? request : { ...request, path });
}

function basic(lab: Lab, pair: string): Promise<Exchange> {
  return moved(lab, { headers: [['Authorization', `Basic ${Buffer.from(pair).toString('base64')}`]] });
}

async function posted(lab: Lab, { type, body }: { type: string; body: string }): Promise<Exchange> {
  const contentType = [['Content-Type', type]] as const;
  const own = await lab.present(lab.a.token, { method: 'POST', headers: contentType, body: '' });
  if (!lab.isAccepted(own)) throw new Missing('bearer', 'POST is not answered here');
  return lab.send({ url: lab.url, method: 'POST', headers: contentType, body });
}
