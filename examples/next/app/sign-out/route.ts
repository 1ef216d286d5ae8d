import { sessions } from '../../sessions.ts';

/** Ends the session. */
export async function POST(request: Request): Promise<Response> {
  return (await (await sessions()).signOut(request)).response;
}
