import { HolderError, refused } from '../errors.ts';
import type { NewsChannel } from './news.ts';
import type { Page } from './page.ts';

/**
 * Has the person prove presence in a window of its own, and settles when that window has started a session that shows it.
 *
 * The window's end is not waited for: the issuer's pages cut every tie to whoever opened them, so it always seems closed.
 */
export async function provePresenceInWindow(way: {
  page: Page;
  news: NewsChannel;
  begin: () => Promise<{ readonly url: string; readonly state: string }>;
}): Promise<void> {
  // Before anything is awaited, while the browser still knows that the person has just clicked.
  const opened = way.page.openWindow();
  if (opened === undefined) throw new HolderError(windowBlocked);
  try {
    const { url, state } = await way.begin();
    const answered = hearAnswer(way.news, state);
    opened.leaveFor(url);
    await answered;
  } catch (error) {
    opened.close();
    throw error;
  }
}

const windowBlocked = refused(
  'presence_window_blocked',
  'the browser let no window open: call from a click, or send the person by signIn({ maxAge })',
);

/** How long a person may take to prove presence in a window, in ms. */
const personsPatience = 5 * 60 * 1000;

function hearAnswer(news: NewsChannel, state: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const refuse = (code: string): void => {
    reject(new HolderError(refused(code, 'the person did not prove presence')));
  };
  const stop = news.listen((said) => {
    if (said.kind === 'signed_out' || said.state !== state) return;
    if (said.kind === 'signed_in') resolve(undefined);
    else refuse(said.code);
  });
  const timer = setTimeout(() => {
    refuse('presence_unproved');
  }, personsPatience);
  return promise.finally(() => {
    stop();
    clearTimeout(timer);
  });
}
