/** As much of a browser as a sign-in needs: it keeps cookies and follows redirects. */
export interface Browser {
  /** Opens a page, or posts a form to it; answers where the redirects ended. */
  readonly visit: (url: string, form?: Readonly<Record<string, string>>) => Promise<string>;
}

const mostRedirects = 10;

/** Opens a browser. It does not follow a redirect to a URL that starts with `until`, but ends there. */
export function openBrowser(until: string): Browser {
  const cookies = new Map<string, string>();
  const step = async (url: string, form?: Readonly<Record<string, string>>): Promise<string | null> => {
    const jar = [...cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await fetch(url, {
      headers: { cookie: jar },
      redirect: 'manual',
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    await answer.body?.cancel();
    const next = answer.headers.get('location');
    return next === null ? null : new URL(next, url).href;
  };
  return {
    visit: async (url, form) => {
      let [at, next] = [url, await step(url, form)];
      for (let count = 0; next !== null && count < mostRedirects; count++) {
        at = next;
        next = at.startsWith(until) ? null : await step(at);
      }
      return at;
    },
  };
}
