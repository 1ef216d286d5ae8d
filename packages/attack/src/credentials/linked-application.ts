/** An application that people link at an authorization endpoint, as the tester may use it. */
export interface LinkedApplication {
  /** A public client: it has no secret. */
  readonly clientId: string;
  /** One of its redirect URIs, as it is registered. Nothing is ever sent there. */
  readonly redirectUri: string;
  /** Members of an honest request besides the usual ones: `scope`, `resource`. */
  readonly form?: Readonly<Record<string, string>>;
  /** The `Cookie` header of a browser in which somebody is signed in, and has allowed this application before. */
  readonly cookie?: string;
  /** Goes to a URL as that person, says yes, and tells the URL at the redirect URI to which the browser was sent. */
  readonly visit?: (url: string) => Promise<string>;
  /** Another application of the same issuer, public too. */
  readonly other?: { readonly clientId: string; readonly redirectUri: string };
}
