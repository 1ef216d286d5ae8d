import { createBrowserHolder, type BrowserHolderOptions } from '@symbolon/holder/browser';

declare const settings: Pick<
  BrowserHolderOptions,
  'issuer' | 'clientId' | 'audience' | 'redirectUri' | 'scope'
>;
/** How far the clock of this page's world is ahead of the machine's, in ms; a test moves it on. */
declare const ahead: number;

/** What the page of the demo application does: everything a person does there is a button. */
const holder = createBrowserHolder({
  ...settings,
  presence: 'window',
  // As in a laptop that slept: the wall clock has moved, and the other stood still.
  clock: () => Date.now() + ahead,
});

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`there is no element ${id}`);
  return found;
};

const show = (id: string, text: string): void => {
  element(id).textContent = text;
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

const call = async (path: string, init?: RequestInit): Promise<string> => {
  try {
    const response = await holder.fetch(settings.audience + path, init);
    return `${response.status} ${await response.text()}`;
  } catch (error) {
    return `rejected ${codeOf(error)}`;
  }
};

const onClick = (id: string, act: () => Promise<unknown>): void => {
  element(id).addEventListener('click', () => {
    show('out', 'waiting');
    act().then(
      (result) => {
        show('out', String(result));
      },
      (error: unknown) => {
        show('out', `rejected ${codeOf(error)}`);
      },
    );
  });
};

onClick('sign-in', () => holder.signIn({ returnTo: '/' }));
onClick('sign-out', async () => (await holder.signOut()).kind);
onClick('me', () => call('/me'));
onClick('pay', () => call('/pay', { method: 'POST', body: '10' }));

/** Calls once a second until it is told to stop, and counts what came back: two tabs do this at once. */
onClick('work', async () => {
  const counts: Record<string, number> = {};
  while (element('work').dataset['stop'] === undefined) {
    const answer = (await call('/me')).slice(0, 3);
    counts[answer] = (counts[answer] ?? 0) + 1;
    show('counts', JSON.stringify(counts));
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return JSON.stringify(counts);
});

/** Whether the browser had kept the page as it was, and shows it again. */
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) show('state', 'shown again');
});

if (location.href.startsWith(settings.redirectUri)) {
  const result = await holder.finishSignIn();
  if (result.kind === 'signed_in' && result.returnTo !== undefined) location.replace(result.returnTo);
  else show('out', result.kind === 'refused' ? `refused ${result.code}` : result.kind);
}
show('state', (await holder.signedIn()) ? 'signed in' : 'signed out');
