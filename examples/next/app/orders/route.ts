import { api, sessions } from '../../sessions.ts';

/** A route handler that calls the API as the person. */
export async function GET(request: Request): Promise<Response> {
  const handler = (await sessions()).handle(async (_request, session) => {
    if (session === undefined) return Response.json({ error: 'sign_in' }, { status: 401 });
    const answer = await session.fetch(`${api}/me`);
    return new Response(await answer.text(), { status: answer.status });
  });
  return handler(request);
}
