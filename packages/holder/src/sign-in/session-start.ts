import { refused } from '../errors.ts';
import type { PairStore } from '../pair-store.ts';
import { toPair } from '../refresh.ts';
import type { TokenEndpoint } from '../token-endpoint.ts';
import type { AuthorizationAnswer } from './authorization-answer.ts';
import type { SignInResult } from './sign-in-result.ts';
import type { SignInBegun } from './begun.ts';

/** Judges an answer, and starts the session of its code. */
export async function startFromAnswer(
  answer: Exclude<AuthorizationAnswer, { kind: 'none' }>,
  context: { begun: SignInBegun; issuer: string; endpoint: TokenEndpoint; store: PairStore },
): Promise<Exclude<SignInResult, { kind: 'none' }>> {
  const { begun, issuer, endpoint, store } = context;
  if (answer.issuer !== issuer) {
    return refused('issuer_unexpected', `the answer is not from ${issuer}: another issuer's may be mixed in`);
  }
  if (answer.kind === 'error') {
    return {
      ...refused(answer.error, answer.description ?? `refused: ${answer.error}`),
      error: answer.error,
    };
  }
  const { codeVerifier, redirectUri, returnTo, inPopup } = begun;
  const grant = { grant_type: 'authorization_code', code: answer.code, redirect_uri: redirectUri };
  const started = await endpoint.request(() => ({ ...grant, code_verifier: codeVerifier }));
  if (started.kind !== 'ok') return started;
  const pair = toPair(started.issued, started.sentAt);
  if (pair === undefined) {
    return refused('refresh_token_missing', 'the issuer started a session that cannot be refreshed');
  }
  const before = await store.load();
  await store.replace(pair);
  // A session that nobody holds any more should not stand in anybody's list until it runs out.
  if (before !== undefined && before.sessionId !== pair.sessionId) await endpoint.revoke(before.refreshToken);
  return { kind: 'signed_in', returnTo, inPopup };
}
