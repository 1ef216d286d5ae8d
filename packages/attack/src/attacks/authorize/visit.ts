import { createHash } from 'node:crypto';
import { describeReply } from '../../run/calibration.ts';
import type { HeaderList } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { encoded, type Pair } from '../../credentials/token-request.ts';
import { inconclusive, Missing, refused, type Judgement } from '../../run/verdict.ts';
import { memberOf, travel, type Arrival } from './travel.ts';

/** How an authorization request differs from an honest one. */
export interface AuthorizeChange {
  /** Members in place of the honest ones; `undefined` leaves one out. */
  readonly form?: Readonly<Record<string, string | undefined>>;
  /** Makes the final members. */
  readonly pairs?: (pairs: readonly Pair[]) => readonly Pair[];
  readonly method?: string;
  readonly headers?: HeaderList;
  /** Nobody is signed in in this browser. */
  readonly isStranger?: true;
  readonly verifier?: string;
  /** The `Cookie` header in place of that of the signed-in browser. */
  readonly cookie?: string;
  /** How many characters of a page to keep. */
  readonly keep?: number;
}

/** The honest verifier of a seed, and its challenge. */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

/** A fresh verifier. */
export function newVerifier(lab: Lab): string {
  return lab.random.bytes(32).toString('base64url');
}

/** The members of an authorization request, honest but for the changes. */
export function authorizePairs(lab: Lab, change: AuthorizeChange = {}): readonly Pair[] {
  const { clientId, redirectUri, form } = lab.application();
  const honest = {
    ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, ...form },
    state: 'a-state',
    code_challenge: challengeOf(change.verifier ?? newVerifier(lab)),
    code_challenge_method: 'S256',
  };
  const asked: Readonly<Record<string, string | undefined>> = { ...honest, ...change.form };
  const members = Object.entries(asked).flatMap(([name, value]): Pair[] =>
    value === undefined ? [] : [[name, value]],
  );
  return change.pairs?.(members) ?? members;
}

/** The URL of an authorization request. */
export function authorizeUrl(lab: Lab, pairs: readonly Pair[]): string {
  const endpoint = lab.authorizationEndpoint();
  return `${endpoint}${endpoint.includes('?') ? '&' : '?'}${encoded(pairs)}`;
}

/** Goes to the authorization endpoint as a browser does, and follows the issuer's own redirects; never away from it. */
export async function visit(lab: Lab, change: AuthorizeChange = {}): Promise<Arrival> {
  return goTo(lab, authorizeUrl(lab, authorizePairs(lab, change)), change);
}

/** The same with a URL as it stands. */
export function goTo(lab: Lab, url: string, change: AuthorizeChange = {}): Promise<Arrival> {
  const { cookie } = lab.application();
  const { method = 'GET', headers = [], isStranger, keep } = change;
  return travel(lab, {
    ...{ url, method, headers },
    cookie: isStranger === true ? undefined : (change.cookie ?? cookie),
    ...(keep === undefined ? {} : { keep }),
  });
}

/** A refusal counts only if an honest request still goes through; its arrival tells what that looks like. */
export async function refusedIfHonestPasses(lab: Lab, arrival: Arrival): Promise<Judgement> {
  const { exchanges, kind } = arrival;
  if (kind === 'broken') return inconclusive(`${seenOf(arrival)}: that is no refusal`, ...exchanges);
  const honest = await honestArrival(lab);
  if (kind === 'page' && honest.kind === 'delivered')
    return inconclusive('a page is shown that the honest request does not show', ...exchanges);
  const isWell = honest.kind === 'delivered' || honest.kind === 'page';
  return isWell
    ? refused(seenOf(arrival), ...exchanges)
    : inconclusive(`refused, but the honest request was too: ${seenOf(honest)}`, ...honest.exchanges);
}

/** Where the honest request leads. */
function honestArrival(lab: Lab): Promise<Arrival> {
  return visit(lab);
}

/** What was seen, in a sentence without codes. */
export function seenOf({ kind, location, exchanges }: Arrival): string {
  const error = memberOf(location, 'error');
  const last = exchanges.at(-1);
  if (kind === 'delivered') return 'sent away with a code or a token';
  if (kind === 'told')
    return `sent away with ${error === undefined ? 'nothing' : `error=${error.slice(0, 60)}`}`;
  return last === undefined ? kind : `answered ${describeReply(last.reply)}`;
}

/** Where the honest request leads somebody who is signed in. */
export async function demandSignedIn(lab: Lab): Promise<Arrival> {
  const honest = await honestArrival(lab);
  if (honest.kind === 'delivered') return honest;
  if (honest.kind === 'page' && !isSignIn(honest)) return honest;
  throw new Missing('signedIn', `with this cookie the honest request was ${seenOf(honest)}`);
}

/** True of a page at another address than where consent is asked: there the honest request has not passed. */
function isSignIn({ exchanges }: Arrival): boolean {
  const { url = '' } = exchanges.at(-1)?.request ?? {};
  return /(?:sign|log)-?_?in|auth\/login/i.test(new URL(url).pathname);
}

/** The same page of the issuer, which is where the honest request comes to. */
export function isSamePage(arrival: Arrival, honest: Arrival): boolean {
  const pathOf = ({ exchanges }: Arrival): string => new URL(exchanges.at(-1)?.request.url ?? 'x:').pathname;
  return arrival.kind === 'page' && honest.kind === 'page' && pathOf(arrival) === pathOf(honest);
}
