import { createAuthenticator } from '../../packages/issuer/test/people/authenticator.ts';

/** What a browser shows. */
export interface Shown {
  readonly url: string;
  readonly text: string;
}

/** Somebody with a browser of few talents and a software authenticator. */
export interface TestPerson {
  /** Opens a link to an account, and makes its passkey. */
  readonly enrol: (link: string) => Promise<void>;
  /** Goes to an address, and wherever that leads. */
  readonly visit: (url: string) => Promise<Shown>;
  /** Proves the passkey at the sign-in page, and goes on. */
  readonly provePasskey: (at: Shown) => Promise<Shown>;
  /** Presses the button of the page's form. */
  readonly submit: (at: Shown, pressed: Readonly<Record<string, string>>) => Promise<Shown>;
}

/** Opens a browser whose cookies, as real ones do, belong to a host and not to a port. */
export function openPerson(): TestPerson {
  const cookies = new Map<string, string>();
  const devices = new Map<string, ReturnType<typeof createAuthenticator>>();

  const send = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const { origin } = new URL(url);
    const headers = new Headers(init.headers);
    headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    if (init.method === 'POST') headers.set('origin', origin);
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const set of answer.headers.getSetCookie()) keep(cookies, set);
    return answer;
  };
  const follow = async (from: string | URL, init?: RequestInit): Promise<Shown> => {
    const answer = await send(from, init);
    const to = answer.headers.get('location');
    return to === null ? { url: String(from), text: await answer.text() } : follow(new URL(to, from));
  };
  const post = async (url: URL, body: object): Promise<Record<string, unknown>> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await send(url, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`unexpected ${answer.status} of ${url.pathname}: ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  const deviceAt = (origin: string): ReturnType<typeof createAuthenticator> => {
    const device = devices.get(origin) ?? createAuthenticator({ origin });
    devices.set(origin, device);
    return device;
  };

  return {
    visit: (url) => follow(url),
    enrol: async (link) => {
      const { origin, hash } = new URL(link);
      const code = hash.slice(1);
      const { options } = await post(new URL('/enrol/options', origin), { code });
      const response = deviceAt(origin).make(options as { challenge: string });
      await post(new URL('/enrol/verify', origin), { code, name: 'My phone', response });
    },
    provePasskey: async ({ url }) => {
      const { origin, searchParams } = new URL(url);
      const { options } = await post(new URL('/sign-in/options', origin), {});
      const response = deviceAt(origin).prove(options as { challenge: string });
      const { location } = await post(new URL('/sign-in/verify', origin), {
        response,
        return_to: searchParams.get('return_to'),
      });
      return follow(new URL(String(location), origin));
    },
    submit: ({ url, text }, pressed) => {
      const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1] ?? '';
      const hidden = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(
        ([, name = '', value = '']): [string, string] => [name, value],
      );
      const body = new URLSearchParams([...hidden, ...Object.entries(pressed)]);
      return follow(new URL(action, url), { method: 'POST', body });
    },
  };
}

function keep(cookies: Map<string, string>, set: string): void {
  const [pair = '', ...marks] = set.split('; ');
  const at = pair.indexOf('=');
  if (marks.includes('Max-Age=0')) cookies.delete(pair.slice(0, at));
  else cookies.set(pair.slice(0, at), pair.slice(at + 1));
}
