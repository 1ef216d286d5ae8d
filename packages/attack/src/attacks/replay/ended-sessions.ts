import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Credential } from '../../credential.ts';
import type { Exchange } from '../../exchange.ts';
import type { Lab } from '../../lab.ts';
import { accepted, inconclusive, refused, type Judgement } from '../../verdict.ts';

const pause = 50;

/** What is ended stays ended. */
export const endedSessions: readonly Attack[] = attacks(
  {
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
  },
  [
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
  ],
);

async function ended(lab: Lab, credential: Credential): Promise<Exchange | undefined> {
  const end = await lab.send(await lab.endRequest(credential));
  return end.reply.kind === 'answer' && end.reply.status < 400 ? end : undefined;
}

async function afterEnd(lab: Lab): Promise<Judgement> {
  const credential = await lab.fresh();
  const before = await lab.present(credential.token, { credential });
  if (!lab.isAccepted(before)) return inconclusive('a fresh session was not accepted', before);
  if ((await ended(lab, credential)) === undefined) return inconclusive('the session could not be ended');
  const since = performance.now();
  for (;;) {
    const exchange = await lab.present(credential.token, { credential });
    const ms = Math.round(performance.now() - since);
    if (!lab.isAccepted(exchange)) return refused(`refused ${ms} ms after the end`, exchange);
    if (ms > lab.patience.end) return accepted(`still accepted ${ms} ms after the end`, exchange);
    await lab.wait(pause);
  }
}

async function otherSession(lab: Lab): Promise<Judgement> {
  const [one, two] = [await lab.fresh(), await lab.fresh()];
  if ((await ended(lab, one)) === undefined) return inconclusive('the session could not be ended');
  const exchange = await lab.present(two.token, { credential: two });
  return lab.isAccepted(exchange)
    ? refused('the other session lives on', exchange)
    : accepted('another session was ended with it', exchange);
}

async function refreshAfterEnd(lab: Lab): Promise<Judgement> {
  const credential = await lab.fresh();
  const { refreshToken } = credential;
  if (refreshToken === undefined) return inconclusive('a fresh session brought no refresh token');
  if ((await ended(lab, credential)) === undefined) return inconclusive('the session could not be ended');
  const exchange = await lab.send(await lab.refreshRequest(credential, refreshToken));
  const isAlive = exchange.reply.kind === 'answer' && exchange.reply.status < 300;
  return isAlive
    ? accepted('the refresh token still works', exchange)
    : refused('the refresh token is dead', exchange);
}
