import { connection } from 'next/server';
import { sessions } from '../../sessions.ts';

/** Sends the person to the issuer: anew for everybody, so never an answer that was made ahead. */
export async function GET(): Promise<Response> {
  await connection();
  return (await sessions()).signIn({ returnTo: '/' });
}
