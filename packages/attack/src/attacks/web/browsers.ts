import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { replyHeader, type Exchange, type HeaderList } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, Missing, refused, type Judgement } from '../../run/verdict.ts';

/** Origins that are not the target's, in the spellings that careless comparisons take for it. */
const origins: Readonly<Record<string, (host: string) => string>> = {
  foreign: () => 'https://evil.example',
  null: () => 'null',
  'with-host-as-prefix': (host) => `https://${host}.evil.example`,
  'with-host-as-suffix': (host) => `https://evil${host}`,
  'with-host-as-user': (host) => `https://${host}@evil.example`,
  'with-underscore': (host) => `https://${host}_.evil.example`,
  file: () => 'file://',
  subdomain: (host) => `https://evil.${host}`,
  'other-port': (host) => `https://${host.replace(/:\d+$/, '')}:1`,
  'with-backtick': (host) => `https://${host}\`.evil.example`,
  'with-upper-case': () => 'HTTPS://EVIL.EXAMPLE',
};

/** What other sites can make a browser do. */
export const crossOrigin: readonly Attack[] = attacks(
  {
    family: 'web',
    needs: [],
    maps: { asvs401: ['14.5.3'], asvs403: ['14.5.3'], asvs50: ['3.4.2'], cwe: ['CWE-942', 'CWE-346'] },
    why: 'Any site can read the answers in the name of a visitor who is signed in here.',
    fix: 'Allow a fixed list of origins by exact comparison; never echo Origin together with credentials.',
  },
  [
    ...Object.entries(origins).map(([name, origin]): Row => ({
      name: `cors-origin-${name}`,
      title: `does a site of origin ${name.replaceAll('-', ' ')} get to read the answer?`,
      run: (lab) => readable(lab, origin(new URL(lab.url).host)),
    })),
    {
      name: 'cors-preflight',
      title: 'does a preflight allow every site to send requests with credentials?',
      run: async (lab) =>
        allows(
          await lab.send({
            url: lab.url,
            method: 'OPTIONS',
            headers: [
              ['Origin', 'https://evil.example'],
              ['Access-Control-Request-Method', 'DELETE'],
              ['Access-Control-Request-Headers', 'authorization'],
            ],
          }),
          'https://evil.example',
        ),
    },
    {
      name: 'cors-refusal',
      title: 'does every site get to read a refusal, with credentials?',
      run: async (lab) => {
        const headers = [['Origin', 'https://evil.example']] as const;
        return allows(await lab.send({ url: lab.url, method: lab.method, headers }), 'https://evil.example');
      },
    },
  ],
);

const foreign: Readonly<Record<string, HeaderList>> = {
  'cross-site': [
    ['Sec-Fetch-Site', 'cross-site'],
    ['Origin', 'https://evil.example'],
  ],
  'same-site': [
    ['Sec-Fetch-Site', 'same-site'],
    ['Origin', 'https://evil.example'],
  ],
  'origin-only': [['Origin', 'https://evil.example']],
  'origin-subdomain': [['Origin', 'https://evil.localhost']],
  'origin-of-other-port': [['Origin', 'http://localhost:1']],
  'text-plain': [
    ['Origin', 'https://evil.example'],
    ['Content-Type', 'text/plain'],
  ],
  'with-honest-referer': [
    ['Origin', 'https://evil.example'],
    ['Referer', 'http://localhost/'],
    ['Sec-Fetch-Site', 'cross-site'],
  ],
  'origin-null': [
    ['Origin', 'null'],
    ['Sec-Fetch-Site', 'cross-site'],
  ],
};

/** Requests that another site makes a browser send, with its cookies. */
export const forgedRequests: readonly Attack[] = attacks(
  {
    family: 'web',
    needs: ['cookie'],
    maps: { asvs401: ['4.2.2'], asvs403: ['4.2.2'], asvs50: ['3.5.1'], cwe: ['CWE-352'] },
    why: 'A visitor of another site acts here without knowing it.',
    fix: 'Refuse what changes something unless Sec-Fetch-Site or Origin says same origin; SameSite cookies besides.',
  },
  [
    ...Object.entries(foreign).map(([name, headers]): Row => ({
      name: `forged-${name}`,
      title: `a POST with the cookie, sent by another site (${name.replaceAll('-', ' ')})`,
      run: (lab) => forged(lab, headers),
    })),
    {
      name: 'forged-end',
      title: 'can another site sign a visitor out?',
      needs: ['end', 'fresh'],
      run: forgedEnd,
    },
  ],
);

/** Cookies that come twice, or beside another credential. */
export const cookieRules: readonly Attack[] = attacks(
  {
    family: 'web',
    needs: ['cookie', 'second'],
    maps: { asvs401: ['3.4.4'], asvs403: ['3.4.4'], asvs50: ['3.3.1'], cwe: ['CWE-384', 'CWE-565'] },
    why: 'A neighbour under the same domain plants a cookie, and the visitor works in the session of an attacker.',
    fix: 'Name the cookie with __Host-, and refuse a request that brings it twice or a second credential.',
  },
  [
    {
      name: 'cookie-twice-other-first',
      title: 'two cookies of the same name, another session first',
      run: async (lab) => twice(lab, [(await lab.second()).token, lab.a.token]),
    },
    {
      name: 'cookie-twice-other-last',
      title: 'two cookies of the same name, another session last',
      run: async (lab) => twice(lab, [lab.a.token, (await lab.second()).token]),
    },
    {
      name: 'cookie-and-bearer',
      title: 'a cookie and a bearer token of two sessions',
      run: async (lab) =>
        lab.present(lab.a.token, { headers: [['Authorization', `Bearer ${(await lab.second()).token}`]] }),
    },
    {
      name: 'cookie-as-bearer',
      title: 'the token of the cookie as a bearer token',
      run: (lab) => lab.present(lab.a.token, { authorization: [`Bearer ${lab.a.token}`] }),
    },
  ],
);

async function readable(lab: Lab, origin: string): Promise<Judgement> {
  const exchange = await lab.present(lab.a.token, { headers: [['Origin', origin]] });
  return allows(exchange, origin);
}

function allows(exchange: Exchange, origin: string): Judgement {
  const allowed = replyHeader(exchange.reply, 'access-control-allow-origin');
  const withCredentials = replyHeader(exchange.reply, 'access-control-allow-credentials') === 'true';
  return allowed === origin && withCredentials
    ? accepted(`Access-Control-Allow-Origin: ${allowed}, with credentials`, exchange)
    : refused('the answer is not readable there with credentials', exchange);
}

async function forged(lab: Lab, headers: HeaderList): Promise<Exchange> {
  const honest = [
    ['Sec-Fetch-Site', 'same-origin'],
    ['Origin', new URL(lab.url).origin],
  ] as const;
  const own = await lab.present(lab.a.token, { method: 'POST', headers: honest, body: '' });
  if (!lab.isAccepted(own)) throw new Missing('cookie', 'nothing is changed here by POST');
  return lab.present(lab.a.token, { method: 'POST', headers, body: '' });
}

async function forgedEnd(lab: Lab): Promise<Judgement> {
  const credential = await lab.fresh();
  const request = await lab.endRequest(credential);
  const kept = request.headers.filter(([name]) => !/^(?:origin|referer|sec-fetch-site)$/i.test(name));
  const end = await lab.send({ ...request, headers: [...kept, ...(foreign['cross-site'] ?? [])] });
  await lab.wait(500);
  const after = await lab.present(credential.token, { credential });
  return lab.isAccepted(after)
    ? refused('the session lives on', end, after)
    : accepted('the session was ended', end, after);
}

function twice(lab: Lab, tokens: readonly string[]): Promise<Exchange> {
  const { carrier } = lab.a;
  const name = carrier.kind === 'cookie' ? carrier.name : '';
  const value = tokens.map((token) => `${name}=${token}`).join('; ');
  return lab.present('', { authorization: [], headers: [['Cookie', value]] });
}
