import { signatureNames } from '@symbolon/token';
import { identityScopes } from '../linking/authorization-target.ts';
import { passkeyContext } from '../linking/id-tokens.ts';
import { identityAlg } from '../keys/signing-keys.ts';
import { json } from './answers.ts';
import type { Office, PeopleOffice } from './office.ts';

/** `GET /.well-known/oauth-authorization-server` (RFC 8414) and `/.well-known/openid-configuration`. */
export function metadataEndpoint(office: Office, people: PeopleOffice | undefined): Response {
  const { issuer } = office;
  const registration = people?.registration;
  const ofPeople = office.servesPeople ? identityScopes : [];
  const scopes = [...new Set([...ofPeople, ...office.audiences.flatMap((audience) => audience.scopes)])];
  const body = {
    issuer,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    introspection_endpoint: `${issuer}/introspect`,
    jwks_uri: `${issuer}/jwks`,
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    // No authorization endpoint, and so no response type: RFC 8414 section 2 demands the member all the same.
    response_types_supported: [],
    grant_types_supported: ['client_credentials', 'refresh_token'],
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
    token_endpoint_auth_signing_alg_values_supported: signatureNames,
    revocation_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
    revocation_endpoint_auth_signing_alg_values_supported: signatureNames,
    introspection_endpoint_auth_methods_supported: ['private_key_jwt'],
    introspection_endpoint_auth_signing_alg_values_supported: signatureNames,
    dpop_signing_alg_values_supported: signatureNames,
    ...(people === undefined ? {} : linkingMetadata(people)),
    ...(registration?.dynamic === undefined ? {} : { registration_endpoint: `${issuer}/register` }),
    ...(registration?.documents === undefined ? {} : { client_id_metadata_document_supported: true }),
  };
  return json(body, { headers: { 'cache-control': `public, max-age=${String(office.keySetMaxAge)}` } });
}

/** What linked applications and OpenID Connect clients look for (RFC 8414, 9126, 9207, OpenID Connect Discovery section 3). */
function linkingMetadata({ issuer, signIn }: PeopleOffice): Record<string, unknown> {
  return {
    authorization_endpoint: `${issuer}/authorize`,
    pushed_authorization_request_endpoint: `${issuer}/par`,
    userinfo_endpoint: `${issuer}/userinfo`,
    end_session_endpoint: `${issuer}/logout`,
    response_types_supported: ['code'],
    response_modes_supported: signIn === undefined ? ['query', 'form_post'] : ['query'],
    grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    acr_values_supported: [passkeyContext],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [identityAlg],
    claims_supported: [
      'iss',
      'sub',
      'aud',
      'iat',
      'exp',
      'auth_time',
      'nonce',
      'at_hash',
      'acr',
      'amr',
      'sid',
      'name',
    ],
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    require_pushed_authorization_requests: false,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  };
}
