import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, refused, type Judgement } from '../../run/verdict.ts';

/** Headers in which gateways tell a service who the user is. */
const identityHeaders: readonly string[] = [
  'X-User',
  'X-User-Id',
  'X-Forwarded-User',
  'X-Remote-User',
  'Remote-User',
  'X-Auth-Request-User',
  'X-Authenticated-User',
  'X-Authenticated-Userid',
  'X-Goog-Authenticated-User-Email',
  'X-Amzn-Oidc-Identity',
  'X-Consumer-Username',
  'X-WEBAUTH-USER',
  'X-Jwt-Claim-Sub',
];
/** Headers in which gateways hand on claims or a token. */
const claimHeaders: readonly string[] = [
  'X-Amzn-Oidc-Data',
  'X-Jwt-Payload',
  'X-Userinfo',
  'X-Forwarded-Access-Token',
  'Cf-Access-Jwt-Assertion',
  'X-MS-CLIENT-PRINCIPAL',
  'X-WorkOS-Session',
];
const insideHeaders: readonly (readonly [name: string, value: string])[] = [
  ['X-Forwarded-For', '127.0.0.1'],
  ['X-Real-IP', '127.0.0.1'],
  ['X-Internal', 'true'],
  ['X-Original-URL', '/health'],
  ['X-Rewrite-URL', '/health'],
  ['X-Envoy-Original-Path', '/health'],
  ['X-HTTP-Method-Override', 'OPTIONS'],
];
const paths: readonly (readonly [name: string, path: (path: string) => string])[] = [
  ['two-slashes', (path) => `/${path}`],
  ['slash-at-end', (path) => `${path}/`],
  ['dot-segment', (path) => `/.${path}`],
  ['up-and-down', (path) => `/health/..${path}`],
  ['encoded-up-and-down', (path) => `/health/%2e%2e${path}`],
  ['encoded-slash', (path) => `/health/..%2f${path.slice(1)}`],
  ['encoded-letter', (path) => path.replace(/[a-z]/i, (letter) => `%${letter.charCodeAt(0).toString(16)}`)],
  ['upper-case', (path) => path.toUpperCase()],
  ['semicolon', (path) => `${path};x=1`],
  ['semicolon-up', (path) => `/health/..;${path}`],
  ['extension', (path) => `${path}.json`],
  ['encoded-nul', (path) => `${path}%00`],
  ['encoded-question-mark', (path) => `${path}%3fx`],
  ['empty-query', (path) => `${path}?`],
  ['fragment', (path) => `${path}#`],
  ['backslash', (path) => `\\${path.slice(1)}`],
];

/** Requests without a credential that may look as if somebody had checked one already. */
export const gateway: readonly Attack[] = attacks(
  {
    family: 'audience',
    needs: [],
    maps: {
      asvs401: ['4.1.1', '3.5.3'],
      asvs403: ['4.1.1', '3.5.3'],
      asvs50: ['4.1.3', '8.3.1'],
      cwe: ['CWE-287', 'CWE-290', 'CWE-348'],
    },
    why: 'No token is needed: the service believes a header, or the guard looks at another path than the router.',
    fix: 'Check the token in the service itself; believe no header that a client can send; decide on the path that is routed.',
  },
  [
    ...identityHeaders.map((name) => headerRow(name, (lab) => subjectOf(lab))),
    ...claimHeaders.map((name) => headerRow(name, unsigned)),
    ...insideHeaders.map(([name, value]) => headerRow(name, () => value)),
    ...paths.map(([name, path]): Row => ({
      name: `gateway-path-${name}`,
      title: `no credential, the path as ${path('/me')}`,
      maps: { cwe: ['CWE-288', 'CWE-22', 'CWE-436'] },
      run: async (lab) => byBody(lab, await anonymous(lab, { path: path(new URL(lab.url).pathname) })),
    })),
  ],
);

function headerRow(name: string, value: (lab: Lab) => string): Row {
  return {
    name: `gateway-header-${name.toLowerCase()}`,
    title: `no credential, but ${name}`,
    run: (lab) => anonymous(lab, { headers: [[name, value(lab)]] }),
  };
}

function anonymous(
  lab: Lab,
  { path, headers = [] }: { path?: string; headers?: readonly (readonly [string, string])[] },
): Promise<Exchange> {
  const { url, method } = lab;
  return lab.send({ url, method, headers, ...(path === undefined ? {} : { path }) });
}

/** Another path may rightly be another page, or none: only the page itself counts. */
async function byBody(lab: Lab, exchange: Exchange): Promise<Judgement> {
  if (!lab.isAccepted(exchange)) return refused('not answered like the honest request', exchange);
  const { reply } = await lab.control();
  const isSame =
    reply.kind === 'answer' && exchange.reply.kind === 'answer' && reply.body === exchange.reply.body;
  return isSame
    ? accepted('answered with the very page, without a credential', exchange)
    : refused('another page', exchange);
}

function subjectOf(lab: Lab): string {
  const sub = lab.has('jws') ? lab.jws().payload['sub'] : undefined;
  return typeof sub === 'string' && /^[\x21-\x7e]{1,200}$/.test(sub) ? sub : 'admin';
}

function unsigned(lab: Lab): string {
  if (!lab.has('jws')) return Buffer.from('{"sub":"admin"}').toString('base64url');
  return lab.altered({ header: { alg: 'none' }, signature: '' });
}
