import { redirect } from 'next/navigation';
import { api, sessionOfAction, sessionOfPage } from '../../sessions.ts';

async function rename() {
  'use server';
  const session = await sessionOfAction();
  if (session === undefined) redirect('/sign-in');
  await session.fetch(`${api}/me`, { method: 'POST' });
  redirect('/me?said=yes');
}

export default async function Me({ searchParams }: PageProps<'/me'>) {
  const session = await sessionOfPage();
  if (session === undefined) redirect('/sign-in');
  const answer = await session.fetch(`${api}/me`);
  const { said } = await searchParams;
  return (
    <main>
      <h1>You</h1>
      <p id="me">{await answer.text()}</p>
      <p id="said">{said === undefined ? '' : 'The API was told.'}</p>
      <form action={rename}>
        <button>Tell the API something</button>
      </form>
    </main>
  );
}
