/** Finds the events in the text of a stream, however it is cut into pieces. */
export interface EventLines {
  /** Takes the next piece; answers the data of each line that it completes. */
  readonly push: (piece: string) => readonly string[];
}

/**
 * Makes the reader of an event stream (WHATWG server-sent events) whose every event is one `data:` line.
 *
 * Comments and other fields are passed over. Each piece is looked at once, so that a stream that comes byte by
 * byte costs no more.
 *
 * @throws TypeError from `push` if a line grows longer than `maxLength` characters.
 */
export function createEventLines(options: { maxLength: number }): EventLines {
  const { maxLength } = options;
  let parts: string[] = [];
  let length = 0;

  const append = (piece: string): void => {
    length += piece.length;
    if (length > maxLength) throw new TypeError(`unexpected event, expected at most ${maxLength} characters`);
    if (piece !== '') parts.push(piece);
  };

  const takeLine = (): string => {
    const line = parts.join('');
    parts = [];
    length = 0;
    return line;
  };

  return {
    push: (piece) => {
      const events: string[] = [];
      let start = 0;
      for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', start)) {
        append(piece.slice(start, end));
        const data = dataOf(takeLine());
        if (data !== undefined) events.push(data);
        start = end + 1;
      }
      append(piece.slice(start));
      return events;
    },
  };
}

function dataOf(line: string): string | undefined {
  const [, data] = /^data: ?(.*?)\r?$/.exec(line) ?? [];
  return data === '' ? undefined : data;
}
