import { row, type Requirement } from './requirement.ts';
import { requirementsOfPeople } from './requirements-of-people.ts';

const signed = ['TOKEN-4', 'TOKEN-5', 'TOKEN-7', 'TOKEN-8', 'TOKEN-9', 'GUARD-8'];
const algorithms = ['TOKEN-3', 'TOKEN-4', 'KEYS-1', 'KEYS-2', 'PROOF-5'];
const keySources = ['TOKEN-4', 'KEYS-15', 'KEYS-18', 'GUARD-29', 'GUARD-33'];
const times = ['TOKEN-14', 'TOKEN-20', 'TOKEN-21', 'TOKEN-22', 'TOKEN-23', 'TOKEN-24'];
const kinds = ['TOKEN-3', 'TOKEN-27', 'PROOF-2', 'ASSERTION-2', 'ISSUER-25'];
const noStaticSecrets = ['ISSUER-5', 'ISSUER-60', 'ISSUER-74', 'ISSUER-76', 'HOLDER-39', 'HOLDER-40'];
/** The issuer ends a session; the feed says so; a guard refuses it from then on, also on open connections. */
const heard = ['FEED-1', 'FEED-2', 'FEED-20', 'FEED-26', 'FEED-28', 'FEED-40', 'FEED-42', 'GUARD-50'];
const ended = ['ISSUER-30', 'ISSUER-35', 'STORE-19', 'STORE-20', 'STORE-22', 'REFRESH-7', ...heard];
const bound = ['GUARD-7', 'GUARD-15', 'PROOF-6', 'PROOF-14', 'REFRESH-6', 'ISSUER-1', 'ISSUER-7'];
const once = ['GUARD-16', 'GUARD-17', 'GUARD-20', 'GUARD-24', 'ISSUER-3', 'STORE-12'];

/** Every requirement that the project answers to. */
export const requirements: readonly Requirement[] = [
  row('asvs401', '3.2.2', 'Session tokens hold at least 64 bits of entropy', [
    'TOKEN-13',
    'PROOF-18',
    'ASSERTION-16',
  ]),
  row('asvs401', '3.3.1', 'Logout and expiry end a session', [...ended, 'ISSUER-24', 'TOKEN-20']),
  row('asvs401', '3.5.1', 'A token alone is no presence; linked applications can be ended', [
    'GUARD-23',
    'ISSUER-30',
    'ISSUER-35',
  ]),
  row('asvs401', '3.5.2', 'Session tokens instead of static API secrets', noStaticSecrets),
  row(
    'asvs401',
    '3.5.3',
    'Stateless tokens are signed, and safe from tampering, enveloping, replay, null cipher and key substitution',
    [...signed, ...algorithms, ...once],
  ),
  row('asvs403', '3.5.1', 'OAuth tokens of linked applications can be revoked', [
    'ISSUER-30',
    'ISSUER-35',
    'AUTHORIZE-19',
    'PAGE-11',
  ]),
  row('asvs403', '3.5.2', 'Session tokens instead of static API secrets', noStaticSecrets),
  row(
    'asvs403',
    '3.5.3',
    'Stateless tokens are signed, and safe from tampering, enveloping, replay, null cipher and key substitution',
    [...signed, ...algorithms, ...once],
  ),
  row('asvs50', '7.2.1', 'Session tokens are verified by a trusted back end', ['GUARD-8', ...signed]),
  row('asvs50', '7.2.2', 'Tokens are generated for a session, not static secrets', noStaticSecrets),
  row('asvs50', '7.2.3', 'Reference tokens hold 128 bits of entropy', ['TOKEN-13']),
  row('asvs50', '7.3.1', 'Sessions end by inactivity', ['ISSUER-24', 'STORE-24', 'REFRESH-9']),
  row('asvs50', '7.3.2', 'Sessions have an absolute end', ['ISSUER-24', 'REFRESH-9']),
  row('asvs50', '7.4.1', 'An ended session cannot be used any more', ended),
  row('asvs50', '7.4.2', 'All sessions of a disabled account end', ['STORE-21', 'FEED-21', ...heard]),
  row('asvs50', '7.4.5', 'Administrators can end sessions of a user or of all', [
    'STORE-19',
    'FEED-21',
    ...heard,
  ]),
  row('asvs50', '7.5.1', 'Sensitive changes need the person again', ['GUARD-23', 'ACCOUNT-13', 'PAGE-14']),
  row('asvs50', '9.1.1', 'Self-contained tokens are verified by signature or MAC', signed),
  row('asvs50', '9.1.2', 'Only algorithms of an allow list, never none, symmetric or asymmetric', algorithms),
  row('asvs50', '9.1.3', 'Keys come from configured sources; jku, x5u and jwk are not believed', keySources),
  row('asvs50', '9.2.1', 'A token is good in its time span only', times),
  row('asvs50', '9.2.2', 'A token is of the right type for its purpose', kinds),
  row('asvs50', '9.2.3', 'A token is taken for its audience only', ['TOKEN-19', 'ASSERTION-9', 'ISSUER-6']),
  row('asvs50', '9.2.4', 'One key for several audiences names the audience', ['TOKEN-19']),
  row('asvs50', '10.3.1', 'A resource server takes tokens for itself only', ['TOKEN-19']),
  row('asvs50', '10.3.5', 'Access tokens are bound to their sender', bound),
  row('asvs50', '10.4.5', 'A refresh token that is used again ends what it stands for', [
    'REFRESH-4',
    'ISSUER-22',
  ]),
  row('asvs50', '10.4.8', 'Refresh tokens end absolutely', ['ISSUER-24']),
  row('asvs50', '10.4.9', 'Tokens can be revoked, by people too', ['ISSUER-30', 'PAGE-11', 'LINK-4']),
  row('asvs50', '10.4.16', 'Clients authenticate by asymmetric keys', [
    'ISSUER-1',
    'ISSUER-5',
    'ASSERTION-4',
  ]),
  row('asvs50', '14.2.1', 'Nothing sensitive in URLs', ['GUARD-3', 'HOLDER-16']),
  row('rfc8725bis', '3.1', 'The algorithm is verified, one for a key', algorithms),
  row('rfc8725bis', '3.2', 'Algorithms are appropriate', ['KEYS-1', 'KEYS-11', 'KEYS-13']),
  row('rfc8725bis', '3.3', 'All cryptographic operations are validated', signed),
  row('rfc8725bis', '3.4', 'Cryptographic inputs are validated', ['KEYS-4', 'KEYS-5', 'KEYS-6', 'PROOF-4']),
  row('rfc8725bis', '3.5', 'Keys have enough entropy', ['KEYS-1', 'KEYS-3']),
  row('rfc8725bis', '3.6', 'Nothing encrypted is compressed', ['TOKEN-4']),
  row('rfc8725bis', '3.7', 'UTF-8, and nothing else', ['TOKEN-10', 'PROOF-9', 'ASSERTION-7']),
  row('rfc8725bis', '3.8', 'Issuer and subject are validated', ['TOKEN-18', 'KEYS-18', 'TOKEN-11']),
  row('rfc8725bis', '3.9', 'The audience is validated', ['TOKEN-19', 'ASSERTION-9']),
  row('rfc8725bis', '3.10', 'Received claims (kid, jku, x5u) are not trusted', keySources),
  row('rfc8725bis', '3.11', 'Types are explicit', kinds),
  row('rfc8725bis', '3.12', 'Rules of different kinds exclude each other', kinds),
  row('rfc9700', '2.2.1', 'Access tokens are bound to their sender', bound),
  row('rfc9700', '2.2.2', 'Refresh tokens are bound or rotated', ['REFRESH-1', 'REFRESH-4', 'REFRESH-6']),
  row('rfc9700', '2.3', 'Access tokens are restricted to an audience and a scope', [
    'TOKEN-19',
    'ISSUER-6',
    'GUARD-22',
  ]),
  row('rfc9700', '2.5', 'Clients authenticate by asymmetric keys', ['ISSUER-1', 'ISSUER-5']),
  row('rfc9700', '4.3.2', 'No access token in a URL', ['GUARD-3']),
  row('rfc9700', '4.10', 'Stolen access tokens are of no use', bound),
  row('rfc9700', '4.14', 'Refresh tokens are protected and replay is detected', [
    'REFRESH-4',
    'REFRESH-8',
    'ISSUER-21',
    'ISSUER-22',
  ]),
  row('RFC 9449', '4.2', 'The form of a proof', ['PROOF-1', 'PROOF-2', 'PROOF-10', 'PROOF-18']),
  row('RFC 9449', '4.3', 'The twelve checks of a proof', [
    'PROOF-2',
    'PROOF-4',
    'PROOF-5',
    'PROOF-8',
    'PROOF-10',
    'PROOF-11',
    'PROOF-12',
    'PROOF-14',
    'PROOF-15',
    'GUARD-5',
    'GUARD-15',
  ]),
  row('RFC 9449', '5', 'Tokens are bound at the token endpoint', ['ISSUER-1', 'ISSUER-8', 'REFRESH-6']),
  row('RFC 9449', '7', 'A bound token is used with its proof only', ['GUARD-7', 'GUARD-4']),
  row('RFC 9449', '8 and 9', 'Nonces', ['GUARD-20', 'GUARD-21', 'HOLDER-12', 'HOLDER-21']),
  row('RFC 9449', '11.1', 'Proofs are not replayed', once),
  row('cwe', 'CWE-290', 'Authentication bypass by spoofing', [...signed, ...bound]),
  row('cwe', 'CWE-294', 'Authentication bypass by capture and replay', once),
  row('cwe', 'CWE-345', 'Insufficient verification of authenticity', signed),
  row('cwe', 'CWE-347', 'Improper verification of a signature', signed),
  row('cwe', 'CWE-613', 'Insufficient session expiration', [...ended, ...times]),
  row('cwe', 'CWE-798', 'Hard-coded credentials', noStaticSecrets),
  row('cwe', 'CWE-918', 'Server-side request forgery', ['TOKEN-4', 'GUARD-33', 'AUTHORIZE-44', 'ACCOUNT-35']),
  row('cwe', 'CWE-400', 'Uncontrolled resource consumption', [
    'TOKEN-2',
    'GUARD-6',
    'GUARD-11',
    'GUARD-19',
    'GUARD-30',
    'GUARD-31',
  ]),
  row('cwe', 'CWE-532', 'Secrets in logs', ['TOKEN-26', 'GUARD-36', 'HOLDER-16']),
  ...requirementsOfPeople,
];
