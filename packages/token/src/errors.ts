/** What only the authorization endpoint and registration say (RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6, RFC 7591, 9101, 9470). */
type AuthorizationError =
  | 'access_denied'
  | 'unsupported_response_type'
  | 'login_required'
  | 'consent_required'
  | 'interaction_required'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'invalid_request_uri'
  | 'unmet_authentication_requirements'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata';

/** How a refusal is answered: the HTTP status, the registered OAuth error (RFC 6749, 6750, 9449, 9470), one sentence for people. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 429 | 503;
  readonly error:
    | 'invalid_request'
    | 'invalid_token'
    | 'insufficient_scope'
    | 'insufficient_user_authentication'
    | 'invalid_dpop_proof'
    | 'use_dpop_nonce'
    | 'invalid_client'
    | 'invalid_grant'
    | 'unauthorized_client'
    | 'unsupported_grant_type'
    | 'invalid_scope'
    | 'invalid_target'
    | 'temporarily_unavailable'
    | AuthorizationError
    | undefined;
  readonly text: string;
}

const token = (text: string): Refusal => ({ status: 401, error: 'invalid_token', text });
const proof = (text: string): Refusal => ({ status: 401, error: 'invalid_dpop_proof', text });
const assertion = (text: string): Refusal => ({ status: 401, error: 'invalid_client', text });
const refresh = (text: string): Refusal => ({ status: 400, error: 'invalid_grant', text });
const authorization = (error: AuthorizationError, text: string): Refusal => ({ status: 400, error, text });
const asked = (text: string): Refusal => ({ status: 400, error: 'invalid_request', text });
const device = (text: string): Refusal => ({ status: 400, error: 'invalid_request', text });
const statement = (text: string): Refusal => ({ status: 503, error: 'temporarily_unavailable', text });

/** Every refusal code, one row each; a code never changes its meaning. */
export const refusals = {
  token_missing: { status: 401, error: undefined, text: 'Send a session token in the Authorization header.' },
  token_too_long: token('The token is longer than 8,192 characters.'),
  token_malformed: token('Unexpected form, expected three non-empty base64url segments.'),
  token_key_unknown: token('No trusted key has this exact header; get a new token from the issuer.'),
  token_signature_malformed: token('The signature has not the one spelling its algorithm allows.'),
  token_signature_invalid: token('The signature is not by the key that the header names.'),
  token_payload_malformed: token(
    'The payload is not one plain JSON object in UTF-8 without duplicate members.',
  ),
  token_claim_invalid: token('A required claim is missing or has the wrong type.'),
  token_issuer_unexpected: token('The token is by another issuer than this guard trusts.'),
  token_audience_unexpected: token('The token is for another audience.'),
  token_expired: token('The token has expired; refresh it.'),
  token_issued_in_future: token('The token says it was issued in the future; check the clocks.'),
  token_life_too_long: token('The token lives longer than one hour.'),
  token_carrier_unexpected: token('The token is bound to another way of presenting it.'),
  token_bearer_refused: token('This guard takes no bearer tokens.'),
  credentials_multiple: {
    status: 400,
    error: 'invalid_request',
    text: 'Send one credential, once: two were found.',
  },
  credentials_malformed: {
    status: 400,
    error: 'invalid_request',
    text: 'The Authorization header is malformed.',
  },
  request_cross_site: {
    status: 403,
    error: 'invalid_request',
    text: 'With a cookie, only a page of this origin itself may do this.',
  },
  proof_missing: proof('The token is bound to a key: send one DPoP proof with it.'),
  proof_multiple: proof('Send exactly one DPoP header.'),
  proof_too_long: proof('The proof is too long.'),
  proof_malformed: proof('Unexpected form, expected three non-empty base64url segments.'),
  proof_header_invalid: proof('The proof header is not exactly typ, alg and a public jwk.'),
  proof_key_invalid: proof('The key in the proof is not a sound public key.'),
  proof_signature_malformed: proof('The signature has not the length its algorithm demands.'),
  proof_signature_invalid: proof('The signature is not by the key in the proof.'),
  proof_payload_malformed: proof(
    'The payload is not one plain JSON object in UTF-8 without duplicate members.',
  ),
  proof_claim_invalid: proof('A required claim of the proof is missing or has the wrong type.'),
  proof_method_unexpected: proof('The proof is for another HTTP method.'),
  proof_url_unexpected: proof('The proof is for another URL.'),
  proof_expired: proof('The proof is too old; make a fresh one for every request.'),
  proof_issued_in_future: proof('The proof is from the future; correct the clock by the Date header.'),
  proof_token_unexpected: proof('The proof is for another token (ath).'),
  proof_key_unexpected: {
    status: 401,
    error: 'invalid_token',
    text: 'The token is bound to another key than the proof is made with.',
  },
  proof_nonce_required: {
    status: 401,
    error: 'use_dpop_nonce',
    text: 'Repeat the request with the nonce of the DPoP-Nonce header.',
  },
  proof_replayed: proof('This proof was seen before; make a fresh one for every request.'),
  proof_rate_exceeded: {
    status: 429,
    error: 'temporarily_unavailable',
    text: 'This session sends more proofs a second than allowed; slow down.',
  },
  scope_insufficient: {
    status: 403,
    error: 'insufficient_scope',
    text: 'The token has not the scope that this route demands.',
  },
  presence_required: {
    status: 401,
    error: 'insufficient_user_authentication',
    text: 'The person must prove presence again.',
  },
  keys_unavailable: {
    status: 503,
    error: 'temporarily_unavailable',
    text: 'No key set of the issuer could be confirmed yet; try again.',
  },
  replay_store_unavailable: {
    status: 503,
    error: 'temporarily_unavailable',
    text: 'The replay store did not answer; nothing was done; try again.',
  },
  key_invalid: { status: 400, error: 'invalid_request', text: 'The key is not a sound public key.' },
  assertion_missing: assertion('Authenticate with a client assertion (private_key_jwt).'),
  assertion_too_long: assertion('The client assertion is too long.'),
  assertion_malformed: assertion('Unexpected form, expected three non-empty base64url segments.'),
  assertion_header_invalid: assertion('The assertion header has members that are not expected.'),
  assertion_key_unknown: assertion('No registered key of this client made the assertion.'),
  assertion_signature_malformed: assertion('The signature has not the length its algorithm demands.'),
  assertion_signature_invalid: assertion('The signature is not by a registered key of this client.'),
  assertion_payload_malformed: assertion(
    'The payload is not one plain JSON object in UTF-8 without duplicate members.',
  ),
  assertion_claim_invalid: assertion('A required claim of the assertion is missing or has the wrong type.'),
  assertion_audience_unexpected: assertion('The assertion must name the issuer identifier, alone, as aud.'),
  assertion_expired: assertion('The assertion has expired; make a fresh one for every request.'),
  assertion_issued_in_future: assertion('The assertion is from the future; check the clock.'),
  assertion_life_too_long: assertion('The assertion lives longer than 60 seconds.'),
  assertion_replayed: assertion('This assertion was redeemed before; make a fresh one for every request.'),
  assertion_key_unexpected: assertion(
    'The assertion names another key (cnf.jkt) than the proof is made with.',
  ),
  client_unknown: assertion('No such client.'),
  client_key_blocked: assertion('This key is blocked for this client; an operator can lift it.'),
  client_document_lapsed: assertion(
    'What this client says of itself, or its keys, could not be read for seven days; once it can, the client is known again.',
  ),
  client_document_port: assertion(
    'The URL of a client that is known by its document must be at the port 443.',
  ),
  refresh_too_long: refresh('The refresh token is too long.'),
  refresh_malformed: refresh('Unexpected form, expected three non-empty base64url segments.'),
  refresh_key_unknown: refresh('No key of this issuer has this exact header.'),
  refresh_signature_malformed: refresh('The signature has not the one spelling its algorithm allows.'),
  refresh_signature_invalid: refresh('The signature is not by this issuer.'),
  refresh_payload_malformed: refresh('The payload is not one plain JSON object.'),
  refresh_claim_invalid: refresh('A required claim is missing or has the wrong type.'),
  refresh_issuer_unexpected: refresh('The refresh token is by another issuer.'),
  refresh_audience_unexpected: refresh('The refresh token is for another audience.'),
  refresh_expired: refresh('The session has ended; start a new one.'),
  refresh_refused: refresh('The session has ended, or this key or client is not its holder.'),
  refresh_superseded: refresh('A newer refresh token exists; read your store again and use that one.'),
  refresh_reused: refresh('An old refresh token came back; the session was ended. Start a new one.'),
  device_too_long: device('The statement of the device is too long.'),
  device_malformed: device('Unexpected form, expected three non-empty base64url segments.'),
  device_header_invalid: device('The header is not exactly typ, alg and, in a registration, a public jwk.'),
  device_key_invalid: device('The key of the device is not a sound P-256 key.'),
  device_signature_malformed: device('The signature has not the length its algorithm demands.'),
  device_signature_invalid: device('The signature is not by the key of the device.'),
  device_payload_malformed: device('The payload is not one plain JSON object.'),
  device_claim_invalid: device('A required claim is missing or has the wrong type.'),
  device_audience_unexpected: device('The statement is for another URL.'),
  device_registration_refused: device(
    'A session is bound to a device once, within a minute after the sign-in, with what that answer offered.',
  ),
  revocations_too_long: statement('The statement of the feed is too long.'),
  revocations_malformed: statement('Unexpected form, expected three non-empty base64url segments.'),
  revocations_key_unknown: statement('No feed key of this issuer has this exact header.'),
  revocations_signature_malformed: statement('The signature has not the one spelling its algorithm allows.'),
  revocations_signature_invalid: statement('The signature is not by a feed key of this issuer.'),
  revocations_payload_malformed: statement('The payload is not one plain JSON object.'),
  revocations_claim_invalid: statement('A required claim is missing or has the wrong type.'),
  revocations_issuer_unexpected: statement('The statement is by another issuer.'),
  revocations_audience_unexpected: statement('The statement is for another audience.'),
  session_ended: token('The session has ended; start a new one.'),
  session_refused: {
    status: 403,
    error: 'invalid_request',
    text: 'This account cannot sign in; ask who runs this issuer.',
  },
  passkey_refused: asked('This passkey was not accepted. Try another one, or a recovery code.'),
  passkey_known: asked('This passkey is registered already; use another device or key.'),
  passkey_last: asked('Nothing else opens this account: add another passkey or make recovery codes first.'),
  passkey_unknown: asked('This account has no such passkey.'),
  challenge_refused: asked('This was answered before, or took longer than five minutes; try again.'),
  link_refused: asked('This link was used, has run out, or is not complete; ask for a new one.'),
  recovery_refused: asked('That name and code do not fit; each code works once.'),
  attempts_exceeded: {
    status: 429,
    error: 'temporarily_unavailable',
    text: 'Too many tries from this address; wait a minute.',
  },
  last_operator: asked('Nobody else could use the console: make another account an operator first.'),
  account_disabled: asked('This account is disabled; enable it first.'),
  account_name_taken: asked('Another account has this name; ask for a new link.'),
  issuer_cut_off: {
    status: 503,
    error: 'temporarily_unavailable',
    text: 'The issuer cannot hear its store just now, so it signs nothing; try again.',
  },
  feed_stale: {
    status: 503,
    error: 'temporarily_unavailable',
    text: 'This guard has not heard from the issuer lately and cannot know which sessions have ended.',
  },
  request_malformed: { status: 400, error: 'invalid_request', text: 'The request is malformed.' },
  grant_unsupported: {
    status: 400,
    error: 'unsupported_grant_type',
    text: 'This grant type is not offered.',
  },
  client_unauthorized: { status: 400, error: 'unauthorized_client', text: 'This client may not do this.' },
  scope_invalid: { status: 400, error: 'invalid_scope', text: 'The client has not been allowed this scope.' },
  audience_invalid: {
    status: 400,
    error: 'invalid_target',
    text: 'Name one audience that this client may ask for (parameter resource).',
  },
  redirect_uri_unknown: asked('This redirect URI is not registered for this client, letter by letter.'),
  response_type_unsupported: authorization('unsupported_response_type', 'The only response type is code.'),
  response_mode_unsupported: asked(
    'The response modes are query and, for a redirect URI that is a web page, form_post.',
  ),
  code_challenge_missing: asked('Send a code_challenge, and S256 as code_challenge_method (RFC 7636).'),
  prompt_malformed: asked('Unexpected prompt, expected none alone, or login and consent.'),
  request_object_unsupported: authorization(
    'request_not_supported',
    'Request objects are not taken; push the parameters to /par.',
  ),
  request_uri_unsupported: authorization(
    'request_uri_not_supported',
    'A request_uri must be one that this issuer gave at /par.',
  ),
  request_uri_unknown: authorization(
    'invalid_request_uri',
    'This request was used, has expired, or is not by this client; begin again at the application.',
  ),
  pushed_request_required: asked('This client is registered to push its requests to /par.'),
  login_required: authorization('login_required', 'Nobody is signed in, or not recently enough.'),
  consent_required: authorization('consent_required', 'The person has not allowed all of this yet.'),
  interaction_required: authorization(
    'interaction_required',
    'This cannot be done without asking the person.',
  ),
  authentication_unmet: authorization(
    'unmet_authentication_requirements',
    'None of the acr_values asked for is offered here.',
  ),
  sign_in_other_person: authorization(
    'login_required',
    'The application means another person (id_token_hint): sign that one in, or refuse with login_required.',
  ),
  sign_in_too_old: authorization(
    'login_required',
    'The application asked for a newer sign-in (prompt=login or max_age): sign the person in again, or refuse with login_required.',
  ),
  sign_in_too_weak: authorization(
    'unmet_authentication_requirements',
    'The application asked for a sign-in with a key (acr_values=phr; amr hwk, swk or pop): ask for one, or refuse with authentication_unmet.',
  ),
  client_metadata_invalid: authorization(
    'invalid_client_metadata',
    'What the application says of itself is not sound.',
  ),
  redirect_uri_refused: authorization(
    'invalid_redirect_uri',
    'A redirect URI must be https, http on loopback, or a private scheme with a dot, without fragment or user name.',
  ),
  registration_limit: {
    status: 429,
    error: 'temporarily_unavailable',
    text: 'Too many applications have registered themselves in the last hour.',
  },
  readings_exceeded: {
    status: 503,
    error: 'temporarily_unavailable',
    text: 'Too much is being read at addresses of applications just now; try again in some seconds.',
  },
  requests_exceeded: {
    status: 503,
    error: 'temporarily_unavailable',
    text: 'Too many requests wait for somebody to decide; try again in some minutes.',
  },
  access_denied: authorization('access_denied', 'The person said no.'),
  code_refused: refresh(
    'The code is unknown or over, or was made for another client, redirect URI, verifier, key or audience.',
  ),
  code_reused: refresh('This code came back long after its use; the session was ended. Start a new one.'),
  identity_too_long: asked('The ID token is too long.'),
  identity_malformed: asked('Unexpected form, expected three non-empty base64url segments.'),
  identity_key_unknown: asked('No identity key of this issuer has this exact header.'),
  identity_signature_malformed: asked('The signature has not the one spelling its algorithm allows.'),
  identity_signature_invalid: asked('The signature is not by this issuer.'),
  identity_payload_malformed: asked('The payload is not one plain JSON object.'),
  identity_claim_invalid: asked('A required claim is missing or has the wrong type.'),
  identity_issuer_unexpected: asked('The ID token is by another issuer.'),
  identity_audience_unexpected: asked('The ID token is for another client.'),
} as const satisfies Readonly<Record<string, Refusal>>;

/** The precise reason of a refusal, for logs and tests. */
export type AuthErrorCode = keyof typeof refusals;

/**
 * A credential was refused.
 *
 * `code` says precisely why; `status` and `error` are for the wire. Holds no part of the credential.
 * Anything thrown that is not an `AuthError` is a fault (or, as `TypeError`, a wrong call).
 */
export class AuthError extends Error {
  override readonly name = 'AuthError';
  readonly code: AuthErrorCode;
  readonly status: Refusal['status'];
  readonly error: Refusal['error'];
  /** What else the answer needs: seconds to wait, the claim at fault, a nonce, … never a credential. */
  readonly detail: Readonly<Record<string, string | number>>;

  constructor(
    code: AuthErrorCode,
    options: { cause?: unknown; detail?: Record<string, string | number> } = {},
  ) {
    const row: Refusal = refusals[code];
    const claim = options.detail?.['claim'];
    super(claim === undefined ? row.text : `${row.text} (${String(claim)})`, causeOf(options));
    this.code = code;
    this.status = row.status;
    this.error = row.error;
    this.detail = Object.freeze({ ...options.detail });
  }
}

function causeOf(options: { cause?: unknown }): ErrorOptions | undefined {
  return options.cause === undefined ? undefined : { cause: options.cause };
}
