import { challengeResponse } from '@symbolon/guard';
import { AuthError } from '@symbolon/token';
import { json } from '../answers.ts';
import type { PeopleOffice } from '../office.ts';

/**
 * `GET` and `POST /userinfo` (OpenID Connect Core section 5.3): who the person is, as far as was allowed, while the
 * session stands. Its own audience: a token for anything else opens nothing here.
 */
export function userinfoEndpoint(office: PeopleOffice): (request: Request) => Promise<Response> {
  return office.userinfoGuard.protect(async (_request, session) => {
    const { kind } = await office.storage.sessionAlive({ sid: session.sessionId });
    if (kind !== 'alive')
      return challengeResponse(office.userinfoGuard.challenge(new AuthError('session_ended')));
    const name = session.scope.includes('profile') ? await office.storage.accountName(session.subject) : null;
    return json({ sub: session.subject, ...(name === null ? {} : { name }) });
  });
}
