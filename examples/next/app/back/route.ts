import { sessions } from '../../sessions.ts';

/** Where the issuer sends the person back to. */
export async function GET(request: Request): Promise<Response> {
  return (await (await sessions()).finishSignIn(request)).response;
}
