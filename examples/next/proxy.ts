import { NextResponse, type NextRequest } from 'next/server';
import { webSessions } from '@symbolon/holder/web/next';
import { sessions } from './sessions.ts';

/** Refreshes the token before anything is rendered: a server component can set no cookie. */
export async function proxy(request: NextRequest): Promise<Response> {
  return webSessions(await sessions(), { NextResponse })(request);
}

/** Everything but what is the same for all, and the three routes that make cookies of their own. */
export const config = { matcher: '/((?!_next/static|_next/image|favicon.ico|sign-in|back|sign-out).*)' };
