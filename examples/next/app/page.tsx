import Link from 'next/link';
import { sessionOfPage } from '../sessions.ts';

export default async function Home() {
  const session = await sessionOfPage();
  return (
    <main>
      <h1>Next example</h1>
      {session === undefined ? (
        // Not a Link: Next.js would fetch it ahead, and begin a sign-in that nobody asked for.
        <a href="/sign-in">Sign in</a>
      ) : (
        <>
          <Link href="/me">What the API says of you</Link>
          <form method="post" action="/sign-out">
            <button>Sign out</button>
          </form>
        </>
      )}
    </main>
  );
}
