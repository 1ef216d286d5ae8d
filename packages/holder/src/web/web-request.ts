/** What is needed of a request; a Fetch `Request` is one as it stands. */
export interface WebRequest {
  readonly method: string;
  /** The path with its query, or an absolute URL, of which only those are used. */
  readonly url: string;
  /** `get` gives every value of a field, joined by `", "`; of `cookie`, joined by `"; "`. */
  readonly headers: { get(name: string): string | null | undefined };
}
