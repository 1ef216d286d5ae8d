import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { replyHeader, type Exchange } from '../../http/exchange.ts';
import { segment } from '../../forge.ts';
import type { Lab } from '../../run/lab.ts';
import { encoded, type Pair, type TokenChange } from '../../credentials/token-request.ts';
import { accepted, refused, type Judgement } from '../../run/verdict.ts';
import { compressed, compressionTexts } from '../web/compression.ts';
import { ask, honestAnswer, issuerFamily } from './judge.ts';

const huge = 3_000_000;
type Change = (lab: Lab) => TokenChange;

const requests: Readonly<Record<string, readonly [title: string, change: Change]>> = {
  'by-get': ['by GET, with all members in the URL', () => ({ method: 'GET', place: 'query' })],
  'by-put': ['by PUT', () => ({ method: 'PUT' })],
  'by-patch': ['by PATCH', () => ({ method: 'PATCH' })],
  'in-query': ['by POST, with all members in the URL', () => ({ place: 'query' })],
  'as-json': ['as JSON', () => ({ contentType: 'application/json', body: json })],
  'as-json-in-form-type': ['as JSON that calls itself a form', () => ({ body: json })],
  'as-text': ['as plain text, which a page elsewhere may send', () => ({ contentType: 'text/plain' })],
  'as-json-type': ['as a form that calls itself JSON', () => ({ contentType: 'application/json' })],
  'as-multipart': [
    'as multipart/form-data',
    () => ({ contentType: `multipart/form-data; boundary=${boundary}`, body: multipart }),
  ],
  'as-unknown-type': ['as a type that begins like a form', () => ({ contentType: `${formType}-evil` })],
  'grant-type-twice': ['with two grant types', () => ({ pairs: more(['grant_type', 'password']) })],
  'grant-type-twice-before': [
    'with another grant type before the honest one',
    () => ({ pairs: (pairs) => [['grant_type', 'password'], ...pairs] }),
  ],
  'client-id-twice': ['with two client ids', () => ({ pairs: more(['client_id', 'another-client']) })],
  'scope-twice': ['with two scopes', () => ({ pairs: more(['scope', 'read'], ['scope', 'admin']) })],
  'grant-capitals': ['for CLIENT_CREDENTIALS', () => ({ form: { grant_type: 'CLIENT_CREDENTIALS' } })],
  'grant-with-space': [
    'for a grant type with a space',
    () => ({ form: { grant_type: 'client_credentials ' } }),
  ],
  'grant-as-list': [
    'for grant_type[], which some parsers make a list of',
    () => ({ form: { grant_type: undefined, 'grant_type[]': 'client_credentials' } }),
  ],
  'grant-missing': ['for no grant at all', () => ({ form: { grant_type: undefined } })],
  'grant-unknown': ['for a grant that nobody knows', () => ({ form: { grant_type: 'trust-me' } })],
  'grant-prototype': ['for the grant "constructor"', () => ({ form: { grant_type: 'constructor' } })],
  'grant-password': [
    'for a password',
    () => ({ form: { grant_type: 'password', username: 'admin', password: 'admin' } }),
  ],
  'grant-implicit': ['for the implicit grant', () => ({ form: { grant_type: 'implicit' } })],
  'grant-code-missing': [
    'for an authorization code, without one',
    () => ({ form: { grant_type: 'authorization_code' } }),
  ],
  'grant-code-empty': [
    'for an empty authorization code',
    () => ({ form: { grant_type: 'authorization_code', code: '', redirect_uri: '' } }),
  ],
  'grant-device-guess': [
    'for a guessed device code',
    () => ({ form: { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: '00000000' } }),
  ],
  'grant-refresh-by-session-token': [
    'for a session token as refresh token',
    (lab) => ({ form: { grant_type: 'refresh_token', refresh_token: lab.a.token } }),
  ],
  'grant-refresh-empty': [
    'for an empty refresh token',
    () => ({ form: { grant_type: 'refresh_token', refresh_token: '' } }),
  ],
  'grant-jwt-unsigned': [
    'for a statement about a user that nobody signed',
    (lab) => ({
      form: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: unsigned(lab) },
    }),
  ],
  'grant-exchange-unsigned': [
    'for an exchange of a token that nobody signed',
    (lab) => ({
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: unsigned(lab),
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      },
    }),
  ],
  'huge-body': [
    `with ${huge / 1e6} MB that nobody needs`,
    () => ({ pairs: more(['state', 'x'.repeat(huge)]) }),
  ],
};
const formType = 'application/x-www-form-urlencoded';
const boundary = 'boundary-of-parts';

/** Token requests in other forms than RFC 6749 section 3.2 knows, and for grants that were not made. */
export const tokenRequests: readonly Attack[] = attacks(
  {
    ...issuerFamily,
    maps: {
      asvs50: ['10.4.4', '10.4.10'],
      rfc9700: ['2.1.2', '2.4', '4.3.2'],
      cwe: ['CWE-436', 'CWE-598', 'CWE-287'],
    },
    why: 'What a URL or a second member brings in goes past logs, proxies and checks that look at the usual place.',
    fix: 'Take tokens requests by POST alone, as a form, each member once, bounded, for grants from a table.',
  },
  Object.entries(requests).map(([name, [title, change]]): Row => ({
    name,
    title: `a token request ${title}`,
    run: (lab) => ask(lab, change(lab)),
  })),
);

/** What an answer with a token must say, and an error must not. */
export const tokenAnswers: readonly Attack[] = attacks(
  {
    ...issuerFamily,
    maps: {
      asvs50: ['14.3.2', '16.5.1'],
      asvs401: ['8.2.1'],
      asvs403: ['8.2.1'],
      cwe: ['CWE-525', 'CWE-209', 'CWE-942'],
    },
    why: 'What a cache, a page elsewhere or an error keeps of a token, others read.',
    fix: 'Answer with "Cache-Control: no-store", allow no origin beside your own, and quote no input in errors.',
  },
  [
    {
      name: 'answer-may-be-cached',
      title: 'may the answer with the token be kept by a cache? (RFC 6749 section 5.1)',
      run: async (lab) => {
        const honest = await honestAnswer(lab);
        const isKept = !(replyHeader(honest.reply, 'cache-control') ?? '').toLowerCase().includes('no-store');
        return isKept ? accepted('no "no-store" stands there', honest) : refused('it says no-store', honest);
      },
    },
    {
      name: 'answer-for-any-origin',
      title: 'may a page of any origin read the answer with the token, with credentials?',
      run: (lab) => readByOthers(lab),
    },
    {
      name: 'token-compressed',
      title: 'is the answer with the token compressed, with something of the request in it?',
      ...compressionTexts,
      run: (lab) =>
        compressed(lab, (bait, headers) =>
          lab.askToken({ form: { state: bait, nonce: bait, login_hint: bait }, headers }),
        ),
    },
    {
      name: 'error-quotes-input',
      title: 'does an error quote the credential that it refuses?',
      run: (lab) => quoted(lab),
    },
  ],
);

async function readByOthers(lab: Lab): Promise<Judgement> {
  const origin = 'https://evil.example';
  const exchange = await lab.askToken({ headers: [['Origin', origin]] });
  const allowed = replyHeader(exchange.reply, 'access-control-allow-origin');
  const isAllowed =
    allowed === origin && replyHeader(exchange.reply, 'access-control-allow-credentials') === 'true';
  return isAllowed
    ? accepted(`it allows ${origin}, with credentials`, exchange)
    : refused('it does not', exchange);
}

async function quoted(lab: Lab): Promise<Judgement> {
  const mark = lab.random.bytes(24).toString('base64url');
  const form = { client_assertion: `${mark}.a.b`, refresh_token: mark, grant_type: 'refresh_token' };
  const exchange = await lab.askToken({ form });
  const body = textOf(exchange);
  return body.includes(mark)
    ? accepted('the error quotes it', exchange)
    : refused('it quotes nothing', exchange);
}

function textOf({ reply }: Exchange): string {
  if (reply.kind !== 'answer') return '';
  return [reply.body, ...reply.headers.map(([, value]) => value)].join('\n');
}

function more(...added: readonly Pair[]): (pairs: readonly Pair[]) => readonly Pair[] {
  return (pairs) => [...pairs, ...added];
}

function json(pairs: readonly Pair[]): string {
  return JSON.stringify(Object.fromEntries(pairs));
}

function multipart(pairs: readonly Pair[]): string {
  const parts = pairs.map(
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${encoded([[name, '']]).slice(0, -1)}"\r\n\r\n${value}\r\n`,
  );
  return `${parts.join('')}--${boundary}--\r\n`;
}

function unsigned(lab: Lab): string {
  const now = Math.floor(lab.now() / 1000);
  const claims = {
    iss: lab.client().issuer,
    sub: 'admin',
    aud: lab.client().issuer,
    iat: now,
    exp: now + 60,
    jti: 'a',
  };
  return `${segment({ alg: 'none' })}.${segment(claims)}.`;
}
