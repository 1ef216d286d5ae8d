import { attacks, type Attack } from '../../attack-row.ts';
import type { Credential } from '../../credentials/credential.ts';
import { openJws, reshape } from '../../forge.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, Missing, refused, type Judgement } from '../../run/verdict.ts';
import { isAuthenticated, judge, nextOf, redeem, refreshFamily, session } from './redeem.ts';

const copies = 20;

/** Refresh tokens that were used, changed, or brought by somebody else. */
export const refreshTokens: readonly Attack[] = attacks(refreshFamily, [
  { name: 'old-after-two', title: 'a refresh token that was used two generations ago', run: oldToken },
  { name: 'at-once', title: `the same refresh token ${copies} times at once`, run: atOnce },
  {
    name: 'other-key',
    title: 'a refresh token with a proof by another key',
    needs: ['dpop'],
    run: async (lab) => {
      const own = await session(lab);
      const request = await lab.refreshRequest(own.credential, own.token);
      if (isAuthenticated(request))
        throw new Missing('dpop', 'a client that authenticates may change its key (RFC 9449 section 5)');
      const thief: Credential = { ...own.credential, carrier: { kind: 'dpop', key: lab.ownKey('EdDSA') } };
      return judge(await redeem(lab, { credential: thief, token: own.token }));
    },
  },
  {
    name: 'changed',
    title: 'a refresh token with one character changed',
    run: async (lab) => {
      const { credential, token } = await session(lab);
      return judge(
        await redeem(lab, {
          credential,
          token: `${token.slice(0, -6)}${other(token.at(-6))}${token.slice(-5)}`,
        }),
      );
    },
  },
  {
    name: 'unsigned',
    title: 'a refresh token without a signature, alg none',
    run: async (lab) => {
      const { credential, token } = await session(lab);
      const jws = openJws(token);
      if (jws === undefined) throw new Missing('refresh', 'the refresh token is no JWS');
      return judge(
        await redeem(lab, { credential, token: reshape(jws, { header: { alg: 'none' }, signature: '' }) }),
      );
    },
  },
  {
    name: 'session-token-as-refresh-token',
    title: 'a session token in place of a refresh token',
    run: async (lab) => {
      const { credential } = await session(lab);
      return judge(await redeem(lab, { credential, token: credential.token }));
    },
  },
  {
    name: 'refresh-token-as-session-token',
    title: 'a refresh token in place of a session token',
    run: async (lab) => {
      const { credential, token } = await session(lab);
      return lab.present(token, { credential });
    },
  },
]);

async function oldToken(lab: Lab): Promise<Judgement> {
  const { credential, token } = await session(lab);
  const first = await redeem(lab, { credential, token });
  const second = nextOf(first);
  if (second === token && isAuthenticated(first.request))
    return refused('the token stays, and its client authenticates (RFC 9700 section 2.2.2)', first);
  const third = second === undefined ? undefined : nextOf(await redeem(lab, { credential, token: second }));
  if (third === undefined) return inconclusive('an honest refresh brought no next refresh token');
  return judge(await redeem(lab, { credential, token }));
}

/** However many ask at once, one next refresh token may come of it: two would be two sessions. */
async function atOnce(lab: Lab): Promise<Judgement> {
  const { credential, token } = await session(lab);
  const exchanges = await Promise.all(
    Array.from({ length: copies }, () => redeem(lab, { credential, token })),
  );
  const next = new Map(exchanges.map((exchange) => [identityOf(nextOf(exchange)), exchange]));
  next.delete(undefined);
  const seen = `${copies} refreshes at once gave ${next.size} different refresh tokens`;
  if (next.size === 0) return inconclusive('no refresh was answered', ...exchanges.slice(0, 1));
  return next.size > 1 ? accepted(seen, ...next.values()) : refused(seen, ...next.values());
}

/** Two signatures over the same generation are the same token: what it says counts, but for when it was made. */
function identityOf(token: string | undefined): string | undefined {
  const jws = token === undefined ? undefined : openJws(token);
  if (jws === undefined) return token;
  const { sid, gen } = jws.payload;
  return gen === undefined ? token : JSON.stringify([sid, gen]);
}

function other(character: string | undefined): string {
  return character === 'A' ? 'B' : 'A';
}
