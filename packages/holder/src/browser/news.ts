/** What the tabs of one origin tell each other about their holder; never a credential. */
export type News =
  /** A sign-in was answered; `state` names it. */
  | { readonly kind: 'signed_in'; readonly state: string }
  | { readonly kind: 'sign_in_failed'; readonly state: string; readonly code: string }
  | { readonly kind: 'signed_out' };

/** A channel between tabs; it says what another tab said, not what this one did. */
export interface NewsChannel {
  readonly tell: (news: News) => void;
  /** Hears news until the function that it gives is called. */
  readonly listen: (hear: (news: News) => void) => () => void;
}

/** Opens the channel of a name. Where the browser has none, nothing is heard. */
export function openNews(name: string): NewsChannel {
  const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(name);
  // Under Node, where tests run, an open channel keeps the process alive.
  (channel as { unref?: () => void } | undefined)?.unref?.();
  return {
    tell: (news) => channel?.postMessage(news),
    listen: (hear) => {
      const heard = ({ data }: MessageEvent<News>): void => {
        hear(data);
      };
      channel?.addEventListener('message', heard);
      return () => channel?.removeEventListener('message', heard);
    },
  };
}
