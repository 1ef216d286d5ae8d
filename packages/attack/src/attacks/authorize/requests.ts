import { attacks, type Attack, type Family, type Row } from '../../attack-row.ts';
import { segment } from '../../forge.ts';
import type { Lab } from '../../run/lab.ts';
import type { Pair } from '../../credentials/token-request.ts';
import { accepted, refused, type Judgement } from '../../run/verdict.ts';
import {
  challengeOf,
  demandSignedIn,
  isSamePage,
  newVerifier,
  refusedIfHonestPasses,
  seenOf,
  visit,
  type AuthorizeChange,
} from './visit.ts';
import { memberOf, type Arrival } from './travel.ts';

/** What the attacks on an authorization endpoint have in common. */
export const authorizeFamily: Family = {
  family: 'authorize',
  needs: ['application'],
  maps: { asvs50: ['10.4.4', '10.4.6'], rfc9700: ['2.1.1', '2.1.2', '4.8'], cwe: ['CWE-287', 'CWE-757'] },
  why: 'What stands in the URL of a browser leaks; a code that is bound to nothing is as good as a token.',
  fix: 'Offer the response type "code" alone, demand a challenge with S256, and take every parameter once.',
};

type Change = (lab: Lab) => AuthorizeChange;
const evil = 'https://evil.example/callback';

const requests: Readonly<Record<string, readonly [title: string, change: Change]>> = {
  'type-token': ['for a token in the URL (response type token)', form({ response_type: 'token' })],
  'type-token-capitals': ['for the response type TOKEN', form({ response_type: 'TOKEN' })],
  'type-code-token': ['for a code and a token', form({ response_type: 'code token' })],
  'type-id-token': [
    'for an ID token in the URL',
    form({ response_type: 'id_token', nonce: 'n', scope: 'openid' }),
  ],
  'type-missing': ['for no response type', form({ response_type: undefined })],
  'type-unknown': ['for a response type that nobody knows', form({ response_type: 'constructor' })],
  'challenge-missing': [
    'without a code challenge',
    form({ code_challenge: undefined, code_challenge_method: undefined }),
  ],
  'challenge-empty': ['with an empty code challenge', form({ code_challenge: '' })],
  'challenge-plain': ['with a plain code challenge', plain('plain')],
  'challenge-method-missing': ['with a code challenge without a method, which is plain', plain(undefined)],
  'challenge-method-unknown': ['with a code challenge of an unknown method', plain('S1')],
  'challenge-short': ['with a code challenge of one letter', form({ code_challenge: 'a' })],
  'client-twice': ['with two clients', more(['client_id', 'another-client'])],
  'type-twice': ['with two response types', more(['response_type', 'token'])],
  'challenge-twice': [
    'with two code challenges',
    (lab) => more(['code_challenge', challengeOf(newVerifier(lab))])(lab),
  ],
  'state-twice': ['with two states', more(['state', 'another'])],
  'redirect-twice': ['with two redirect URIs, the honest one first', more(['redirect_uri', evil])],
  'redirect-twice-before': [
    'with two redirect URIs, the honest one last',
    () => ({ pairs: (pairs) => [['redirect_uri', evil], ...pairs] }),
  ],
  'client-unknown': ['by a client that nobody knows', form({ client_id: 'nobody' })],
  'client-missing': ['by no client', form({ client_id: undefined })],
  'by-put': ['by PUT', () => ({ method: 'PUT' })],
  'by-delete': ['by DELETE', () => ({ method: 'DELETE' })],
};

/** Authorization requests that ask for what is over, or in a form that two parsers read differently. */
export const authorizationRequests: readonly Attack[] = attacks(
  authorizeFamily,
  Object.entries(requests).map(([name, [title, change]]): Row => ({
    name,
    title: `an authorization request ${title}`,
    needs: ['signedIn'],
    run: (lab) => passes(lab, change(lab)),
  })),
);

/** Requests for whom nobody is signed in, and for objects that bring parameters of their own. */
export const authorizationClaims: readonly Attack[] = attacks(authorizeFamily, [
  ...(['none', undefined] as const).map((prompt): Row => ({
    name: prompt === undefined ? 'nobody-signed-in' : 'nobody-signed-in-silently',
    title: `an authorization request by a browser in which nobody is signed in${prompt === undefined ? '' : ', with prompt=none'}`,
    maps: { asvs50: ['10.4.1', '6.1.1'], cwe: ['CWE-306'] },
    why: 'An application gets a code for nobody, or for whoever was there last.',
    run: async (lab) => {
      const arrival = await visit(lab, { isStranger: true, form: { prompt } });
      if (arrival.kind === 'delivered') return accepted('a code was given for nobody', ...arrival.exchanges);
      if (arrival.kind === 'page') return refused('a page is shown, and no code given', ...arrival.exchanges);
      return refusedIfHonestPasses(lab, arrival);
    },
  })),
  {
    name: 'request-object-unsigned',
    title: 'a request object that nobody signed, with a redirect URI of ours',
    maps: { rfc9700: ['4.1.3'], cwe: ['CWE-347', 'CWE-601'] },
    why: 'A parameter that nobody signed goes past the checks of those in the URL.',
    fix: 'Refuse request objects, or verify them by the keys of the client.',
    run: async (lab) => reachesUs(lab, await visit(lab, { form: { request: unsigned(lab) } })),
  },
  {
    name: 'request-uri-fetched',
    title: 'does the issuer fetch a request object from any URL?',
    needs: ['listener'],
    maps: { rfc9700: ['4.1.3'], cwe: ['CWE-918'] },
    why: 'Whoever sends a browser there makes the issuer ask any address, inside its network too.',
    fix: 'Take no request_uri but those that were pushed.',
    run: async (lab) => {
      const path = `/request-${lab.random.bytes(6).toString('hex')}`;
      const arrival = await visit(lab, { form: { request_uri: lab.listener.serve(path, unsigned(lab)) } });
      await lab.wait(50);
      return lab.listener.hits(path) > 0
        ? accepted('it was fetched', ...arrival.exchanges)
        : reachesUs(lab, arrival);
    },
  },
  {
    name: 'answer-without-issuer',
    title: 'does the answer leave out who gives it? (RFC 9207)',
    needs: ['signedIn'],
    maps: { asvs50: ['10.2.2'], rfc9700: ['2.1', '4.4'], cwe: ['CWE-345'] },
    why: 'An application with two issuers brings the code of one to the other, which may be an attacker.',
    fix: 'Send iss with every answer, errors too.',
    run: async (lab) => {
      const told = await visit(lab, { form: { scope: 'no-such-scope-anywhere' } });
      const honest = await demandSignedIn(lab);
      const [found] = [honest, told].filter(({ location }) => location !== undefined);
      if (found === undefined) return refusedIfHonestPasses(lab, honest);
      return memberOf(found.location, 'iss') === undefined
        ? accepted('no iss stands in the answer', ...found.exchanges)
        : refusedIfHonestPasses(lab, found);
    },
  },
]);

/** It passes if it goes as far as the honest request: up to a code, or to the page that asks for consent. */
async function passes(lab: Lab, change: AuthorizeChange): Promise<Judgement> {
  const honest = await demandSignedIn(lab);
  const arrival = await visit(lab, change);
  const isThrough = arrival.kind === 'delivered' || isSamePage(arrival, honest);
  return isThrough
    ? accepted(`${seenOf(arrival)}, as the honest request`, ...arrival.exchanges)
    : refusedIfHonestPasses(lab, arrival);
}

/** Sent to a place of ours, with anything. */
export async function reachesUs(lab: Lab, arrival: Arrival, where = evil): Promise<Judgement> {
  const { location, exchanges } = arrival;
  const isOurs = location !== undefined && URL.parse(location)?.host === URL.parse(where)?.host;
  return isOurs
    ? accepted(`the browser is sent to ${where}`, ...exchanges)
    : refusedIfHonestPasses(lab, arrival);
}

function form(members: NonNullable<AuthorizeChange['form']>): Change {
  return () => ({ form: members });
}

function plain(method: string | undefined): Change {
  return (lab) => ({ form: { code_challenge: newVerifier(lab), code_challenge_method: method } });
}

function more(added: Pair): Change {
  return () => ({ pairs: (pairs) => [...pairs, added] });
}

function unsigned(lab: Lab): string {
  const { clientId } = lab.application();
  const claims = { iss: clientId, client_id: clientId, response_type: 'code', redirect_uri: evil };
  return `${segment({ alg: 'none' })}.${segment(claims)}.`;
}
