import { attacks, type Attack, type Family, type Row } from '../../attack-row.ts';
import type { Lab } from '../../run/lab.ts';
import { endSession, presentEnded } from '../../run/session-end.ts';
import { accepted, inconclusive, refused, type Judgement } from '../../run/verdict.ts';

/** What the attacks on ended sessions have in common. */
export const replayFamily: Family = {
  family: 'replay',
  needs: ['fresh', 'end'],
  maps: {
    asvs401: ['3.3.1'],
    asvs403: ['3.3.1'],
    asvs50: ['7.4.1', '10.4.9'],
    cwe: ['CWE-613'],
  },
  why: 'Whoever has a copy of the token goes on after its owner has signed out.',
  fix: 'Tell every guard of an end at once, and refuse by session, not by the text of one token.',
};

/** What is ended stays ended. */
export const endedSessions: readonly Attack[] = attacks(replayFamily, [
  {
    name: 'token-after-end',
    title: 'is a token still accepted seconds after its session was ended?',
    run: afterEnd,
  },
  {
    name: 'other-session-after-end',
    title: 'does the end of one session end another of the same user?',
    why: 'Who can end sessions of others can lock them out.',
    run: otherSession,
  },
  ...['refresh-token-after-end'].map((name): Row => ({
    name,
    title: 'does a refresh token still work after its session was ended?',
    needs: ['refresh'],
    run: refreshAfterEnd,
  })),
]);

async function afterEnd(lab: Lab): Promise<Judgement> {
  const credential = await lab.fresh();
  const before = await lab.present(credential.token, { credential });
  if (!lab.isAccepted(before)) return inconclusive('a fresh session was not accepted', before);
  if ((await endSession(lab, credential)) === undefined)
    return inconclusive('the session could not be ended');
  const { ms, last, isRefused } = await presentEnded(lab, credential);
  const after = `${Math.round(ms)} ms after the end`;
  if (isRefused) return refused(`refused ${after}`, last);
  return lab.isAccepted(last)
    ? accepted(`still accepted ${after}`, last)
    : inconclusive(`neither accepted nor refused ${after}`, last);
}

async function otherSession(lab: Lab): Promise<Judgement> {
  const [one, two] = [await lab.fresh(), await lab.fresh()];
  if ((await endSession(lab, one)) === undefined) return inconclusive('the session could not be ended');
  const exchange = await lab.present(two.token, { credential: two });
  return lab.isAccepted(exchange)
    ? refused('the other session lives on', exchange)
    : accepted('another session was ended with it', exchange);
}

async function refreshAfterEnd(lab: Lab): Promise<Judgement> {
  const credential = await lab.fresh();
  const { refreshToken } = credential;
  if (refreshToken === undefined) return inconclusive('a fresh session brought no refresh token');
  if ((await endSession(lab, credential)) === undefined)
    return inconclusive('the session could not be ended');
  const exchange = await lab.refresh(credential, refreshToken);
  const isAlive = exchange.reply.kind === 'answer' && exchange.reply.status < 300;
  return isAlive
    ? accepted('the refresh token still works', exchange)
    : refused('the refresh token is dead', exchange);
}
