/**
 * No session token could be used for a request.
 *
 * `transient`: nothing was decided: the issuer or the way to it failed, or the request could not be repeated;
 * try again after `retryAfter` seconds. It never means that the session ended. `refused`: the issuer, or a rule of this
 * package, said no, and asking again will not help. `code` says precisely why, `error` is the OAuth error
 * (RFC 6749 section 5.2) if the issuer sent one. Holds no part of a credential.
 */
export class HolderError extends Error {
  override readonly name = 'HolderError';
  readonly kind: 'transient' | 'refused';
  readonly code: string;
  readonly error: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(failure: Transient | Refused) {
    super(failure.description, { cause: failure.kind === 'transient' ? failure.cause : undefined });
    this.kind = failure.kind;
    this.code = failure.code;
    this.error = failure.kind === 'refused' ? failure.error : undefined;
    this.retryAfter = failure.kind === 'transient' ? failure.retryAfter : undefined;
  }
}

/** Something broke on the way: the same may work later. `retryAfter` is in seconds. */
export interface Transient {
  readonly kind: 'transient';
  readonly code: string;
  readonly description: string;
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** The issuer, or a rule of this package, said no. */
export interface Refused {
  readonly kind: 'refused';
  /** The precise code: the issuer's member `code`, else the OAuth error, else a code of this package. */
  readonly code: string;
  /** The registered OAuth error, if the issuer sent one. */
  readonly error?: string;
  readonly description: string;
}

/** Makes a {@link Transient} failure. */
export function transient(
  code: string,
  description: string,
  more: { retryAfter?: number | undefined; cause?: unknown } = {},
): Transient {
  const { retryAfter, cause } = more;
  return { kind: 'transient', code, description, cause, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

/** Makes a {@link Refused} failure that the issuer did not send. */
export function refused(code: string, description: string): Refused {
  return { kind: 'refused', code, description };
}
