import { createHash, randomBytes } from 'node:crypto';
import { givenCredential } from '../../src/credentials/credentials.ts';
import { parseObject, type JsonObject } from '../../src/json.ts';
import {
  notCounted,
  openConsents,
  type ConsentCheck,
  type ConsentManner,
  type Consents,
} from './consents.ts';
import type { House } from './house.ts';
import { opened } from './strict.ts';
import { createLooks, type Looks } from './looks.ts';
import { openStrong } from './strong.ts';
import type { Answer, Opened, Seen, Target } from './target.ts';

/** What an authorization endpoint gets wrong. */
export interface DeskMistakes {
  /** Checks that are left out. */
  readonly without?: readonly DeskCheck[];
  /** Takes a redirect URI that is not registered. */
  readonly redirect?: (uri: string, registered: string) => boolean;
  /** Members of a request as it is read, in place of each once. */
  readonly read?: (query: string) => Map<string, string>;
  /** Headers of every answer besides. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The status by which browsers are sent on. */
  readonly status?: number;
  /** What stands before everything. */
  readonly before?: (request: Seen) => Answer | undefined;
  /** What is done to every answer. */
  readonly after?: (request: Seen, answer: Answer) => Answer;
  /** How the consent page keeps what it asked for. */
  readonly consent?: Pick<ConsentManner, 'keptWithPerson' | 'redirectInForm'>;
  /** Between the look at a code and the note that it was used lies a wait. */
  readonly looksThenNotes?: true;
}

type DeskCheck =
  | ConsentCheck
  | 'type'
  | 'challenge'
  | 'method'
  | 'signed-in'
  | 'once'
  | 'replay'
  | 'client'
  | 'verifier'
  | 'key'
  | 'callback'
  | 'pusher'
  | 'iss'
  | 'frames'
  | 'escape'
  | 'registration'
  | 'page-first';

type Members = ReadonlyMap<string, string>;

interface Granted {
  readonly asked: Members;
  used: boolean;
  refreshToken: string;
}

const apps: Readonly<Record<string, string>> = {
  photos: 'https://photos.example/callback',
  notes: 'https://notes.example/callback',
};
const [clientId, redirectUri] = ['photos', 'https://photos.example/callback'];
const other = { clientId: 'notes', redirectUri: 'https://notes.example/callback' };
const cookie = 'desk=alice';
const people: ReadonlySet<string | undefined> = new Set([cookie, 'desk=bob']);

/** A server with an authorization endpoint, at which somebody is signed in and has allowed two applications. */
export function deskTarget(
  target: Pick<Target, 'name' | 'finds'> & Partial<Pick<Target, 'flaw' | 'runs'>>,
  mistakes: DeskMistakes,
): Target {
  return { runs: target.finds, ...target, carrier: 'bearer', start: (house) => openDesk(house, mistakes) };
}

async function openDesk(house: House, mistakes: DeskMistakes): Promise<Opened> {
  const { handle, ...rest } = await openStrong(house);
  const issuer = house.audience;
  const isHeld: Desk['isHeld'] = (check) => mistakes.without?.includes(check) !== true;
  const desk: Desk = {
    ...{ issuer, house, mistakes, isHeld },
    consents: openConsents({ ...mistakes.consent, isHeld, origin: issuer }),
    ...{ codes: new Map(), pushed: new Map(), looks: createLooks() },
  };
  const { kty, crv, x, kid, alg } = house.jwk;
  const metadata = {
    ...{ issuer, jwks_uri: `${issuer}/jwks`, response_types_supported: ['code'] },
    ...{ authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` },
    pushed_authorization_request_endpoint: `${issuer}/par`,
    registration_endpoint: `${issuer}/register`,
    code_challenge_methods_supported: ['S256'],
  };
  const routes: Readonly<Record<string, (request: Seen) => Answer | Promise<Answer>>> = {
    'GET /.well-known/oauth-authorization-server': () => jsonAnswer(metadata),
    'GET /jwks': () => jsonAnswer({ keys: [{ kty, crv, x, kid, alg }] }),
    'GET /authorize': (request) => authorize(desk, request),
    'GET /sign-in': () => page(desk, 'Sign in'),
    'GET /consent': (request) => decide(desk, request),
    'POST /consent': (request) => decide(desk, request),
    'POST /par': (request) => push(desk, request),
    'POST /token': (request) => redeem(desk, request),
    'POST /register': (request) => register(desk, request),
  };
  return {
    ...rest,
    handle: async (request) => {
      const path = request.url.replace(/\?.*$/s, '');
      const early = mistakes.before?.(request);
      if (early !== undefined) return early;
      const answer = await (routes[`${request.method} ${path}`] ?? handle)(request);
      const made = { ...answer, headers: { ...answer.headers, ...mistakes.headers } };
      return mistakes.after?.(request, made) ?? made;
    },
    options: {
      ...{ issuer, application: { clientId, redirectUri, cookie, other } },
      stranger: givenCredential({ token: 'bob', carrier: { kind: 'cookie', name: 'desk' } }),
    },
  };
}

interface Desk {
  readonly issuer: string;
  readonly house: House;
  readonly mistakes: DeskMistakes;
  readonly isHeld: (check: DeskCheck) => boolean;
  readonly consents: Consents;
  readonly codes: Map<string, Granted>;
  readonly pushed: Map<string, Members>;
  readonly looks: Looks;
}

function authorize(desk: Desk, { url, headers }: Seen): Answer {
  const asked = read(desk, url.replace(/^[^?]*\??/s, ''));
  if (asked === undefined) return page(desk, 'This link is not understood', { status: 400 });
  const uri = asked.get('request_uri');
  const members = uri === undefined ? asked : takePushed(desk, { uri, client: asked.get('client_id') });
  if (members === undefined) return page(desk, 'This link is over', { status: 400 });
  const fault = faultOf(desk, members);
  const back = members.get('redirect_uri') ?? '';
  const isKnown = isRedirectable(desk, members);
  if (!isKnown && !(fault !== undefined && !desk.isHeld('page-first')))
    return page(desk, `There is no application ${members.get('client_id') ?? ''}`, { status: 400 });
  const iss = desk.isHeld('iss') ? { iss: desk.issuer } : {};
  const state = members.get('state') ?? '';
  if (fault !== undefined) return sendTo(desk, back, { error: fault, state, ...iss });
  if (!people.has(headers.cookie) && desk.isHeld('signed-in')) {
    if (members.get('prompt') === 'none')
      return sendTo(desk, back, { error: 'login_required', state, ...iss });
    return { status: desk.mistakes.status ?? 303, headers: { location: '/sign-in' } };
  }
  if (members.get('response_type') !== 'code')
    return sendTo(desk, back, { access_token: 'x', state, ...iss }, '#');
  if (members.get('prompt') === 'consent')
    return page(desk, '', { inside: desk.consents.ask(members, headers.cookie ?? '') });
  return allow(desk, members);
}

function decide(desk: Desk, request: Seen): Answer {
  const members = desk.consents.answered(request);
  return members === undefined ? notCounted : allow(desk, members);
}

function allow(desk: Desk, members: Members): Answer {
  const iss = desk.isHeld('iss') ? { iss: desk.issuer } : {};
  const code = randomBytes(16).toString('base64url');
  desk.codes.set(code, { asked: members, used: false, refreshToken: '' });
  return sendTo(desk, members.get('redirect_uri') ?? '', { code, state: members.get('state') ?? '', ...iss });
}

function isRedirectable({ mistakes }: Desk, asked: Members): boolean {
  const registered = apps[asked.get('client_id') ?? ''];
  const uri = asked.get('redirect_uri') ?? '';
  return registered !== undefined && (uri === registered || mistakes.redirect?.(uri, registered) === true);
}

function faultOf({ isHeld }: Desk, asked: Members): string | undefined {
  const challenge = asked.get('code_challenge') ?? '';
  const method = asked.get('code_challenge_method');
  if (asked.has('request') || !/^[\w-]{0,20}$/.test(asked.get('scope') ?? '')) return 'invalid_request';
  if (asked.get('response_type') !== 'code' && isHeld('type')) return 'unsupported_response_type';
  if (challenge === '' && isHeld('challenge')) return 'invalid_request';
  if (challenge !== '' && isHeld('method') && (method !== 'S256' || challenge.length !== 43))
    return 'invalid_request';
  return undefined;
}

function takePushed(
  desk: Desk,
  { uri, client }: { uri: string; client: string | undefined },
): Members | undefined {
  const members = desk.pushed.get(uri);
  const isOwn = members?.get('client_id') === client || !desk.isHeld('pusher');
  return isOwn ? members : undefined;
}

function push(desk: Desk, { body }: Seen): Answer {
  const asked = read(desk, body);
  if (asked === undefined || asked.has('request_uri') || !isRedirectable(desk, asked)) return refusedBy();
  if (faultOf(desk, asked) !== undefined) return refusedBy();
  const uri = `urn:ietf:params:oauth:request_uri:${randomBytes(16).toString('base64url')}`;
  desk.pushed.set(uri, asked);
  return jsonAnswer({ request_uri: uri, expires_in: 60 }, 201);
}

async function redeem(desk: Desk, { url, body, headers }: Seen): Promise<Answer> {
  const form = read(desk, body);
  if (form === undefined || url.includes('?')) return refusedBy();
  if (form.get('grant_type') === 'refresh_token') {
    const token = form.get('refresh_token') ?? '';
    const isGood = [...desk.codes.values()].some(
      ({ refreshToken }) => token !== '' && refreshToken === token,
    );
    return isGood ? tokens(desk, token) : refusedBy();
  }
  const granted = desk.codes.get(form.get('code') ?? '');
  if (granted === undefined || !isRight(desk, { granted, form, proof: String(headers['dpop']) }))
    return refusedBy();
  if (granted.used && desk.isHeld('replay')) {
    if (desk.isHeld('once')) granted.refreshToken = '';
    return refusedBy();
  }
  if (desk.mistakes.looksThenNotes === true) await desk.looks.another(form.get('code') ?? '');
  granted.used = true;
  granted.refreshToken = randomBytes(16).toString('base64url');
  return tokens(desk, granted.refreshToken);
}

function isRight(
  { isHeld }: Desk,
  { granted: { asked }, form, proof }: { granted: Granted; form: Members; proof: string },
): boolean {
  const verifier = form.get('code_verifier') ?? '';
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const jwk = parseObject(JSON.stringify(opened(proof, 0)?.['jwk'] ?? {})) ?? {};
  const jkt = asked.get('dpop_jkt');
  const checks: Partial<Record<DeskCheck, boolean>> = {
    client: form.get('client_id') === asked.get('client_id'),
    callback: form.get('redirect_uri') === asked.get('redirect_uri'),
    verifier: asked.get('code_challenge') === challenge,
    key: jkt === undefined || thumbprintOf(jwk) === jkt,
  };
  return Object.entries(checks).every(([name, isGood]) => isGood || !isHeld(name as DeskCheck));
}

function thumbprintOf({ crv, kty, x, y }: JsonObject): string {
  const text = JSON.stringify(y === undefined ? { crv, kty, x } : { crv, kty, x, y });
  return createHash('sha256').update(text).digest('base64url');
}

function register({ isHeld }: Desk, { body }: Seen): Answer {
  const asked = parseObject(body) ?? {};
  return isHeld('registration') ? refusedBy() : jsonAnswer({ client_id: 'new', ...asked }, 201);
}

async function tokens({ house }: Desk, refreshToken: string): Promise<Answer> {
  const { token } = await house.minted().get();
  return jsonAnswer({ access_token: token, refresh_token: refreshToken, token_type: 'Bearer' });
}

function read({ mistakes }: Desk, query: string): Members | undefined {
  if (mistakes.read !== undefined) return mistakes.read(query);
  const pairs = [...new URLSearchParams(query)];
  return new Set(pairs.map(([name]) => name)).size === pairs.length ? new Map(pairs) : undefined;
}

function sendTo(
  { mistakes }: Desk,
  uri: string,
  members: Readonly<Record<string, string>>,
  sign = uri.includes('?') ? '&' : '?',
): Answer {
  const location = encodeURI(`${uri}${sign}`) + new URLSearchParams(members).toString();
  return { status: mistakes.status ?? 303, headers: { location } };
}

function page({ isHeld }: Desk, text: string, { status = 200, inside = '' } = {}): Answer {
  const shown = isHeld('escape') ? text.replace(/[<&"']/g, '') : text;
  const bars = isHeld('frames') ? { 'content-security-policy': "frame-ancestors 'none'" } : {};
  return {
    status,
    headers: { 'content-type': 'text/html', 'cache-control': 'no-store', ...bars },
    body: `<!doctype html><title>Desk</title><p>${shown}</p>${inside}`,
  };
}

function refusedBy(): Answer {
  return jsonAnswer({ error: 'invalid_grant' }, 400);
}

function jsonAnswer(body: JsonObject, status = 200): Answer {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { status, headers, body: JSON.stringify(body) };
}
