import { attacks, type Attack } from '../../attack-row.ts';
import type { Credential } from '../../credentials/credential.ts';
import type { Exchange, RequestParts } from '../../http/exchange.ts';
import { parseObject } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';
import { endSession, presentEnded } from '../../run/session-end.ts';
import { accepted, inconclusive, Missing, refused, type Judgement } from '../../run/verdict.ts';
import { isAuthenticated } from '../refresh/redeem.ts';
import { replayFamily } from './ended-sessions.ts';

const atOnce = 8;
const settling = 1000;

/** Ends that are raced, and ends that somebody else asks for. */
export const ends: readonly Attack[] = attacks(replayFamily, [
  {
    name: 'older-token-after-end',
    title: 'a token from before a refresh, after the session was ended with the newer one',
    needs: ['refresh'],
    run: async (lab) => {
      const old = await lab.fresh();
      const newer = await refreshed(lab, old);
      if (newer === undefined) return inconclusive('an honest refresh brought no new token');
      if ((await endSession(lab, newer)) === undefined) return inconclusive('the session could not be ended');
      return settled(lab, old);
    },
  },
  {
    name: 'newer-token-after-end',
    title: 'a token from a refresh, after the session was ended with the older one',
    needs: ['refresh'],
    run: async (lab) => {
      const old = await lab.fresh();
      const newer = await refreshed(lab, old);
      if (newer === undefined) return inconclusive('an honest refresh brought no new token');
      if ((await endSession(lab, old)) === undefined) return inconclusive('the session could not be ended');
      return settled(lab, newer);
    },
  },
  {
    name: 'refresh-racing-end',
    title: `tokens from ${atOnce} refreshes that were asked for while the session was ended`,
    needs: ['refresh'],
    why: 'A thief who refreshes all the time wins the moment in which its owner signs out.',
    run: racingEnd,
  },
  {
    name: 'account-after-end',
    title: 'does the account page still open after the session was ended?',
    needs: ['account'],
    run: async (lab) => {
      if (lab.isVisitorApart) throw new Missing('account', 'the account page takes another credential');
      const credential = await lab.fresh();
      const url = lab.account();
      const before = await lab.present(credential.token, { credential, url });
      if (!isOpen(before)) return inconclusive('the account page does not open', before);
      if ((await endSession(lab, credential)) === undefined)
        return inconclusive('the session could not be ended');
      await lab.wait(settling);
      const after = await lab.present(credential.token, { credential, url });
      const isSame = isOpen(after) && bodyOf(after) === bodyOf(before);
      return isSame
        ? accepted(`the account page still opens ${settling} ms after the end`, after)
        : refused('the account page does not open any more', after);
    },
  },
  {
    name: 'end-without-credential',
    title: 'can a session be ended by somebody without its credential?',
    why: 'Anybody can sign others out.',
    fix: 'End a session only for who holds it.',
    run: (lab) =>
      endedBy(lab, (request, { token }) => {
        const headers = request.headers.filter(([name]) => !/^(authorization|cookie|dpop)$/i.test(name));
        if (headers.length === request.headers.length || (request.body ?? '').includes(token))
          throw new Missing('end', 'the credential stands in the body');
        return { ...request, headers };
      }),
  },
  {
    name: 'end-by-other-key',
    title: 'can a session be ended with its token and a proof by another key?',
    needs: ['dpop'],
    why: 'Every service that sees a token can sign its owner out.',
    fix: 'End a session only with a proof by its key, or for a client that authenticates.',
    run: async (lab) => {
      const credential = await lab.fresh();
      const thief: Credential = { ...credential, carrier: { kind: 'dpop', key: lab.ownKey('EdDSA') } };
      const request = await lab.endRequest(thief);
      if (isAuthenticated(request)) throw new Missing('end', 'its client authenticates, and may end it');
      if (request.headers.some(([name]) => name.toLowerCase() === 'cookie'))
        throw new Missing('end', 'its owner ends it, by a cookie');
      return livesOn(lab, { credential, end: await lab.send(request) });
    },
  },
]);

async function refreshed(lab: Lab, credential: Credential): Promise<Credential | undefined> {
  const { refreshToken = '' } = credential;
  return renewedBy(credential, await lab.refresh(credential, refreshToken));
}

function renewedBy(credential: Credential, { reply }: Exchange): Credential | undefined {
  const answer = reply.kind === 'answer' && reply.status < 300 ? parseObject(reply.body) : undefined;
  const { access_token: token, refresh_token: next } = answer ?? {};
  if (typeof token !== 'string') return undefined;
  return { ...credential, token, ...(typeof next === 'string' ? { refreshToken: next } : {}) };
}

async function settled(lab: Lab, credential: Credential): Promise<Judgement> {
  const { ms, last, isRefused } = await presentEnded(lab, credential);
  return isRefused
    ? refused(`refused ${Math.round(ms)} ms after the end`, last)
    : accepted(`still accepted ${Math.round(ms)} ms after the end`, last);
}

async function racingEnd(lab: Lab): Promise<Judgement> {
  const credential = await lab.fresh();
  const { refreshToken = '' } = credential;
  const half = (): Promise<Exchange>[] =>
    Array.from({ length: atOnce / 2 }, () => lab.refresh(credential, refreshToken));
  // Half of them are on their way when the end is sent, half come after it.
  const sent = half();
  const ending = endSession(lab, credential);
  const late = half();
  const [end, ...answers] = await Promise.all([ending, ...sent, ...late]);
  if (end === undefined) return inconclusive('the session could not be ended');
  const renewed = answers.map((answer) => renewedBy(credential, answer)).filter((each) => each !== undefined);
  await lab.wait(settling);
  for (const each of renewed) {
    const again = await refreshed(lab, each);
    if (again !== undefined)
      return accepted('a refresh token from during the end renews the session', ...answers);
  }
  const [last] = renewed;
  if (last === undefined) return refused('no refresh won against the end', ...answers.slice(0, 1));
  return settled(lab, last);
}

async function endedBy(
  lab: Lab,
  change: (request: RequestParts, credential: Credential) => RequestParts,
): Promise<Judgement> {
  const credential = await lab.fresh();
  const end = await lab.send(change(await lab.endRequest(credential), credential));
  return livesOn(lab, { credential, end });
}

async function livesOn(
  lab: Lab,
  { credential, end }: { credential: Credential; end: Exchange },
): Promise<Judgement> {
  await lab.wait(settling);
  const exchange = await lab.present(credential.token, { credential });
  return lab.isAccepted(exchange)
    ? refused('the session lives on', end, exchange)
    : accepted('the session was ended', end, exchange);
}

function isOpen({ reply }: Exchange): boolean {
  return reply.kind === 'answer' && reply.status < 300;
}

function bodyOf({ reply }: Exchange): string {
  return reply.kind === 'answer' ? reply.body : '';
}
