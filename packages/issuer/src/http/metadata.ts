import { signatureNames } from '@symbolon/token';
import { json } from './answers.ts';
import type { Office } from './office.ts';

/** `GET /.well-known/oauth-authorization-server` (RFC 8414) and `/.well-known/openid-configuration`. */
export function metadataEndpoint(office: Office): Response {
  const { issuer } = office;
  const scopes = [...new Set(office.audiences.flatMap((audience) => audience.scopes))];
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
  };
  return json(body, { headers: { 'cache-control': `public, max-age=${String(office.keySetMaxAge)}` } });
}
