/** Header fields in the order and spelling in which they are sent; a name may stand twice. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** One request, ready to send. `url` is absolute; a `path` is sent as it stands, in place of the URL's own. */
export interface RequestParts {
  readonly url: string;
  readonly method: string;
  readonly headers: HeaderList;
  readonly body?: string;
  readonly path?: string;
  /** How many characters of the answer's body to keep, if not {@link keptBody}. */
  readonly keep?: number;
  /** Sent over a connection of its own, which nobody has opened yet. */
  readonly isAlone?: true;
}

/** What came back: an answer, or why there is none that could be judged. */
export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: HeaderList;
      /** The first {@link keptBody} characters of the body. */
      readonly body: string;
      readonly ms: number;
    }
  | {
      readonly kind: 'timeout' | 'oversized' | 'broken' | 'unreachable';
      readonly why: string;
      readonly ms: number;
    };

/** A request and what came back. */
export interface Exchange {
  readonly request: RequestParts;
  readonly reply: Reply;
}

/** How much of a body is kept, in characters: enough for evidence, little enough for a thousand attacks. */
export const keptBody = 4096;

/** The first value of a header of an answer, or undefined. The name is compared without case. */
export function replyHeader(reply: Reply, name: string): string | undefined {
  return replyHeaders(reply, name)[0];
}

/** All values of a header of an answer. */
function replyHeaders(reply: Reply, name: string): readonly string[] {
  if (reply.kind !== 'answer') return [];
  const wanted = name.toLowerCase();
  return reply.headers.filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value);
}
