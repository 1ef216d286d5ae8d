import { once } from 'node:events';
import { open } from './raw-http.ts';

/** A request that was begun and is never ended. */
export interface Unfinished {
  /** What became of it until now: `open`, `closed` by the server, or `answered` by it. */
  readonly state: () => 'open' | 'closed' | 'answered';
  /** Sends a little more of it, so that it is slow and not silent. */
  readonly drip: (text: string) => void;
  readonly close: () => void;
}

const longestConnect = 2000;

/** Opens a connection of its own to a URL's server and writes the beginning of a request, byte for byte. */
export async function openUnfinished(
  text: string,
  { url, ...trust }: { readonly url: string; readonly ca?: readonly string[] },
): Promise<Unfinished> {
  const target = new URL(url);
  const socket = open(target, trust);
  const seen: { state: ReturnType<Unfinished['state']> } = { state: 'open' };
  socket.on('data', () => {
    seen.state = 'answered';
  });
  const shut = (): void => {
    if (seen.state === 'open') seen.state = 'closed';
  };
  socket.on('error', shut).on('close', shut).on('end', shut);
  const signal = AbortSignal.timeout(longestConnect);
  const connected = target.protocol === 'https:' ? 'secureConnect' : 'connect';
  await Promise.race([once(socket, connected, { signal }), once(socket, 'close', { signal })]).catch(shut);
  if (seen.state === 'open') socket.write(text, 'latin1');
  return {
    state: () => seen.state,
    drip: (more) => {
      if (seen.state === 'open') socket.write(more, 'latin1');
    },
    close: () => socket.destroy(),
  };
}
