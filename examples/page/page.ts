import { createBrowserHolder } from '@symbolon/holder/browser';

const here = location.origin;
const { issuer = '', audience = '' } = document.body.dataset;
const holder = createBrowserHolder({
  issuer,
  audience,
  clientId: 'page',
  redirectUri: `${here}/back`,
  allowedOrigins: [here],
  presence: 'window',
});

onClick('sign-in', async () => {
  await holder.signIn({ returnTo: '/' });
  return 'on the way';
});
onClick('me', () => call('/api/me'));
onClick('pay', () => call('/api/pay', { method: 'POST' }));
onClick('sign-out', async () => {
  const { kind } = await holder.signOut();
  await showState();
  return kind;
});
// Another tab has signed in or out.
holder.onChange(() => void showState());

if (location.pathname === '/back') {
  const result = await holder.finishSignIn();
  // In the window of a proof of presence nothing is left to do: it closes itself.
  if (result.kind === 'signed_in' && result.returnTo !== undefined) location.replace(result.returnTo);
  else if (result.kind === 'refused') show('said', `refused: ${result.code}`);
  else if (result.kind === 'transient') show('said', 'the issuer could not be reached: load this page again');
}
await showState();

async function call(path: string, init?: RequestInit): Promise<string> {
  const response = await holder.fetch(here + path, init);
  return `${response.status} ${await response.text()}`;
}

async function showState(): Promise<void> {
  show('state', (await holder.signedIn()) ? 'You are signed in.' : 'You are not signed in.');
}

function onClick(id: string, act: () => Promise<string>): void {
  document.getElementById(id)?.addEventListener('click', () => {
    show('said', 'waiting');
    act().then(
      (said) => {
        show('said', said);
      },
      (error: unknown) => {
        show('said', String(error));
      },
    );
  });
}

function show(id: string, text: string): void {
  const element = document.getElementById(id);
  if (element !== null) element.textContent = text;
}
