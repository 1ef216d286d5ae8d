import { randomBytes } from 'node:crypto';
import { attacks, type Attack, type Family, type Row } from '../../attack-row.ts';
import { describeReply } from '../../run/calibration.ts';
import { forgeProof } from '../../credentials/credential.ts';
import { replyHeader, type Exchange, type HeaderList } from '../../http/exchange.ts';
import type { ForgeKey } from '../../keys/forge-key.ts';
import { openJws } from '../../forge.ts';
import { parseObject } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';
import { thumbprint } from '../../keys/thumbprint.ts';
import { encoded, type Pair } from '../../credentials/token-request.ts';
import { accepted, inconclusive, Missing, refused, type Judgement } from '../../run/verdict.ts';
import { tokenIn } from '../issuer/judge.ts';
import { authorizeFamily } from './requests.ts';
import { authorizePairs, authorizeUrl, challengeOf, goTo, newVerifier } from './visit.ts';
import { memberOf } from './travel.ts';

/** A code, and what was said when it was asked for. */
interface Code {
  readonly code: string;
  readonly verifier: string;
  readonly key: ForgeKey;
}

type Change = (lab: Lab, code: Code) => Redemption;

interface Redemption {
  /** Members in place of the honest ones; `undefined` leaves one out. */
  readonly form?: Readonly<Record<string, string | undefined>>;
  readonly pairs?: (pairs: readonly Pair[]) => readonly Pair[];
  /** Whose proof is sent; `null`: none. */
  readonly key?: ForgeKey | null;
  readonly place?: 'query';
}

const copies = 6;
const family: Family = {
  ...authorizeFamily,
  needs: ['application', 'code', 'tokenEndpoint'],
  maps: {
    asvs50: ['10.4.2', '10.4.3', '10.4.6'],
    rfc9700: ['2.1.1', '4.5', '4.8'],
    cwe: ['CWE-294', 'CWE-287'],
  },
  why: 'Codes pass through browsers, logs and histories: whoever finds one gets the session of its owner.',
  fix: 'Redeem a code once, for its client, its redirect URI, its verifier and its key, in one step of the store.',
};

const redemptions: Readonly<Record<string, readonly [title: string, change: Change]>> = {
  'verifier-wrong': ['with another verifier', (lab) => ({ form: { code_verifier: newVerifier(lab) } })],
  'verifier-missing': ['without a verifier', () => ({ form: { code_verifier: undefined } })],
  'verifier-empty': ['with an empty verifier', () => ({ form: { code_verifier: '' } })],
  'verifier-is-challenge': [
    'with the challenge as the verifier',
    (_lab, { verifier }) => ({ form: { code_verifier: challengeOf(verifier) } }),
  ],
  'verifier-cut': [
    'with a cut verifier',
    (_lab, { verifier }) => ({ form: { code_verifier: verifier.slice(0, -1) } }),
  ],
  'verifier-twice': [
    'with two verifiers, one of them wrong',
    (lab) => ({ pairs: (pairs) => [['code_verifier', newVerifier(lab)], ...pairs] }),
  ],
  'redirect-other': [
    'with another redirect URI',
    () => ({ form: { redirect_uri: 'https://evil.example/callback' } }),
  ],
  'client-unknown': ['by a client that nobody knows', () => ({ form: { client_id: 'nobody' } })],
  'client-missing': ['by no client', () => ({ form: { client_id: undefined } })],
  'code-in-query': ['with all members in the URL', () => ({ place: 'query' })],
  'code-changed': [
    'with one letter of the code changed',
    (_lab, { code }) => ({ form: { code: swapped(code) } }),
  ],
};

/** Codes in the hands of somebody else. */
export const codes: readonly Attack[] = attacks(family, [
  ...Object.entries(redemptions).map(([name, [title, change]]): Row => ({
    name: `code-${name.replace(/^code-/, '')}`,
    title: `an authorization code redeemed ${title}`,
    run: async (lab) => {
      const code = await newCode(lab);
      return judged(lab, await redeem(lab, code, change(lab, code)));
    },
  })),
  {
    name: 'code-other-client',
    title: 'an authorization code redeemed by another application',
    needs: ['otherApplication'],
    run: async (lab) => {
      const { other } = lab.application();
      const code = await newCode(lab);
      return judged(lab, await redeem(lab, code, { form: { client_id: other?.clientId } }));
    },
  },
  {
    name: 'code-other-key',
    title:
      'an authorization code that was asked for with one key (dpop_jkt), redeemed with a proof by another',
    maps: { asvs50: ['10.3.5'], rfc9700: ['2.2.1'], cwe: ['CWE-345'] },
    run: async (lab) => {
      const code = await newCode(lab, { isBound: true });
      return judged(lab, await redeem(lab, code, { key: lab.ownKey('EdDSA') }), { isBound: true });
    },
  },
  {
    name: 'code-without-its-key',
    title: 'an authorization code that was asked for with a key (dpop_jkt), redeemed without a proof',
    maps: { asvs50: ['10.3.5'], rfc9700: ['2.2.1'], cwe: ['CWE-345'] },
    run: async (lab) => {
      const code = await newCode(lab, { isBound: true });
      return judged(lab, await redeem(lab, code, { key: null }), { isBound: true });
    },
  },
  {
    name: 'code-twice',
    title: 'the same authorization code a second time',
    run: async (lab) => {
      const { code, first } = await redeemed(lab);
      const again = await redeem(lab, code);
      return isRepetition(first, again)
        ? refused('the holder of the key is given the same session again, and nothing new', again)
        : judged(lab, again);
    },
  },
  {
    name: 'code-twice-other-key',
    title: 'the same authorization code a second time, with a proof by another key',
    run: async (lab) => {
      const { code } = await redeemed(lab);
      return judged(lab, await redeem(lab, code, { key: lab.ownKey('EdDSA') }));
    },
  },
  {
    name: 'code-at-once',
    title: `the same authorization code ${copies} times at once`,
    run: async (lab) => {
      const code = await newCode(lab);
      const answers = await Promise.all(Array.from({ length: copies }, () => redeem(lab, code)));
      const [first, ...more] = answers.filter((each) => tokenIn(each) !== undefined);
      if (first === undefined) return inconclusive('none was given a token', ...answers.slice(0, 1));
      const other = more.find((each) => !isRepetition(first, each));
      return other === undefined
        ? refused('one session was started', first)
        : accepted(
            `${more.length + 1} of ${copies} requests with the same code were given a token`,
            first,
            other,
          );
    },
  },
  {
    name: 'code-twice-leaves-session',
    title: 'does a session go on after its code was brought a second time?',
    maps: { asvs50: ['10.4.2'], rfc9700: ['4.5'], cwe: ['CWE-613'] },
    why: 'A code that comes twice is in two hands, and nobody knows which of them got the session.',
    fix: 'End what the first redemption started as soon as a code comes again (RFC 6749 section 4.1.2).',
    run: async (lab) => {
      const { code, first, refreshToken } = await redeemed(lab);
      if (refreshToken === undefined) throw new Missing('refresh', 'no refresh token comes with the code');
      const again = await redeem(lab, code);
      if (isRepetition(first, again))
        throw new Missing(
          'code',
          'the holder of the key is given the same session again: the code is in one hand',
        );
      if (tokenIn(again) !== undefined) return accepted('the code itself is good for a second token', again);
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
      const renewed = await redeem(lab, code, {
        form: { ...form, code: undefined, code_verifier: undefined, redirect_uri: undefined },
      });
      return tokenIn(renewed) === undefined
        ? refused(`the refresh token of the session is answered ${describeReply(renewed.reply)}`, renewed)
        : accepted('the session is renewed as if nothing had happened', renewed);
    },
  },
]);

async function newCode(lab: Lab, { isBound = false } = {}): Promise<Code> {
  const [verifier, key] = [newVerifier(lab), lab.ownKey('ES256')];
  const bound = isBound ? { dpop_jkt: thumbprint(key.jwk) } : {};
  const url = authorizeUrl(lab, authorizePairs(lab, { verifier, form: bound }));
  const { visit } = lab.application();
  const back = visit === undefined ? (await goTo(lab, url)).location : await visit(url);
  const code = memberOf(back, 'code');
  if (code !== undefined) return { code, verifier, key };
  throw new Missing(
    'code',
    'the honest request brings no code without a person: allow it once, or give --code-command',
  );
}

/** A code that was honestly redeemed. */
async function redeemed(
  lab: Lab,
): Promise<{ code: Code; first: Exchange; refreshToken: string | undefined }> {
  const code = await newCode(lab);
  const first = await redeem(lab, code);
  if (tokenIn(first) === undefined)
    throw new Missing('code', `an honest redemption was answered ${describeReply(first.reply)}`);
  const answer = first.reply.kind === 'answer' ? parseObject(first.reply.body) : undefined;
  const token = answer?.['refresh_token'];
  return { code, first, refreshToken: typeof token === 'string' ? token : undefined };
}

/**
 * Who lost the first answer asks again; with the key to which the session is bound, that is the same holder, and nobody
 * else gains by it.
 */
function isRepetition(first: Exchange, again: Exchange): boolean {
  const claims = [first, again].map((each) => openJws(tokenIn(each) ?? '')?.payload);
  const [one, two] = claims.map((each) => JSON.stringify([each?.['sid'], each?.['cnf']]));
  return one === two && claims.every((each) => each?.['sid'] !== undefined && each['cnf'] !== undefined);
}

/** A refusal counts only if an honest redemption still gets its token. */
async function judged(lab: Lab, exchange: Exchange, how: { isBound?: boolean } = {}): Promise<Judgement> {
  if (tokenIn(exchange) !== undefined) return accepted('the issuer gave a token', exchange);
  const { reply } = exchange;
  if (reply.kind !== 'answer' || reply.status >= 500)
    return inconclusive(`${describeReply(reply)}: that is no refusal`, exchange);
  const honest = await redeem(lab, await newCode(lab, how));
  return tokenIn(honest) === undefined
    ? inconclusive(`refused, but an honest redemption was answered ${describeReply(honest.reply)}`, honest)
    : refused(`answered ${describeReply(reply)}`, exchange);
}

async function redeem(lab: Lab, code: Code, change: Redemption = {}): Promise<Exchange> {
  const first = await lab.send(redemption(lab, { code, change, nonce: undefined }));
  const nonce = replyHeader(first.reply, 'dpop-nonce');
  const asks = first.reply.kind === 'answer' && first.reply.body.includes('use_dpop_nonce');
  return asks && nonce !== undefined ? lab.send(redemption(lab, { code, change, nonce })) : first;
}

function redemption(
  lab: Lab,
  { code, change, nonce }: { code: Code; change: Redemption; nonce: string | undefined },
): Exchange['request'] {
  const { clientId, redirectUri } = lab.application();
  const honest: Redemption['form'] = {
    ...{ grant_type: 'authorization_code', client_id: clientId, redirect_uri: redirectUri },
    ...{ code: code.code, code_verifier: code.verifier, ...change.form },
  };
  const members = Object.entries(honest).flatMap(([name, value]): Pair[] =>
    value === undefined ? [] : [[name, value]],
  );
  const text = encoded(change.pairs?.(members) ?? members);
  const endpoint = lab.tokenEndpoint();
  const key = change.key === undefined ? code.key : change.key;
  const of = { method: 'POST', url: endpoint, token: undefined, nonce, iat: Math.floor(lab.now() / 1000) };
  const proof: HeaderList =
    key === null ? [] : [['DPoP', forgeProof(key, { ...of, jti: randomBytes(16).toString('base64url') })]];
  const inQuery = change.place === 'query';
  return {
    url: inQuery ? `${endpoint}?${text}` : endpoint,
    method: 'POST',
    headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...proof],
    body: inQuery ? '' : text,
    keep: 65_536,
  };
}

function swapped(code: string): string {
  const at = Math.floor(code.length / 2);
  return `${code.slice(0, at)}${code[at] === 'A' ? 'B' : 'A'}${code.slice(at + 1)}`;
}
