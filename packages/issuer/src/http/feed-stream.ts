import type { Feed } from '../feed/feed.ts';

/** Watches over a stream: calls `hangUp` when it must end, until released. */
export type StreamWatch = (hangUp: () => void) => { readonly release: () => void };

/** A reader this many bytes behind is hung up on: it comes back and reads the window. */
const mostBehind = 4 * 1024 * 1024;

/** Answers with the stream of statements (WHATWG server-sent events): the window first, then each as it is made. */
export function streamFeed(feed: Feed, watch: StreamWatch): Response {
  let stop = (): void => undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const hangUp = (): void => {
          stop();
          controller.close();
        };
        const watched = watch(hangUp);
        const unfollow = feed.follow({
          said: (event) => {
            controller.enqueue(event);
            if ((controller.desiredSize ?? 0) >= 0) return;
            stop();
            // Not closed, which would keep for the slow reader what it has not read yet.
            controller.error(new Error('the reader of a stream is too far behind'));
          },
          over: hangUp,
        });
        stop = () => {
          unfollow();
          watched.release();
        };
      },
      cancel: () => {
        stop();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: mostBehind }),
  );
  return new Response(body, { headers });
}

/** Not even a proxy may hold an event back. */
const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
};
