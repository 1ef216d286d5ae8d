/** Where the pages stand. */
export interface Site {
  /** The path of the issuer's identifier, '' where it has none: every link begins with it. */
  readonly base: string;
  /** What people know the issuer by: its host. */
  readonly host: string;
}

/** Reads from the issuer's identifier where its pages stand. */
export function siteOf(issuer: string): Site {
  const url = new URL(issuer);
  return { base: url.pathname.replace(/\/$/, ''), host: url.host };
}
