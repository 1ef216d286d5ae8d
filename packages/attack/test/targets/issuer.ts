import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { parseObject } from '../../src/json.ts';
import { isMacOf, officeTarget } from './office.ts';
import { opened } from './strict.ts';
import type { Seen, Target } from './target.ts';

/** Issuers, each with one flaw in how it knows its clients, reads requests, or in what it publishes. */
export const issuerTargets: readonly Target[] = [
  officeTarget(
    {
      name: 'assertion-audience',
      flaw: 'the audience of assertions is not compared',
      finds: ['issuer/assertion-aud-'],
    },
    { without: ['aud'] },
  ),
  officeTarget(
    {
      name: 'assertion-end',
      flaw: 'the end of assertions is not looked at, as they are used at once',
      finds: ['issuer/assertion-exp-past', 'issuer/assertion-exp-'],
    },
    { without: ['exp', 'far'] },
  ),
  officeTarget(
    {
      name: 'assertion-times',
      flaw: 'the end is looked at, and when it was made is not',
      finds: ['issuer/assertion-iat-long-ago'],
    },
    { without: ['iat'] },
  ),
  officeTarget(
    {
      name: 'assertion-memory',
      flaw: 'assertions live a minute, so nobody remembers them',
      finds: ['issuer/assertion-twice', 'issuer/assertion-at-once', 'issuer/assertion-without-id-twice'],
    },
    { without: ['once'] },
  ),
  officeTarget(
    {
      name: 'assertion-race',
      flaw: 'the jti is looked up, awaited, and then noted: others look it up in between',
      finds: ['issuer/assertion-at-once'],
      // Each request waits here.
      runs: ['issuer/assertion-at-once', 'issuer/assertion-twice'],
    },
    { looksThenNotes: true },
  ),
  officeTarget(
    {
      name: 'assertion-subject',
      flaw: 'whoever signs may ask in the name of others: sub is not compared with iss',
      finds: ['issuer/assertion-sub-'],
    },
    { without: ['sub'] },
  ),
  officeTarget(
    {
      name: 'assertion-by-mac',
      flaw: 'the algorithm is the header’s choice, and the key a text: RS256 or HS256',
      finds: ['issuer/assertion-hs256-with-spki-pem'],
    },
    { signature: isMacOf },
  ),
  officeTarget(
    {
      name: 'assertion-unsigned',
      flaw: 'the library knows none, in any spelling, and nobody says which algorithms are meant',
      finds: ['issuer/assertion-alg-none'],
    },
    { signature: (assertion) => /^none$/i.test(String(opened(assertion, 0)?.['alg'])) },
  ),
  officeTarget(
    {
      name: 'assertion-own-key',
      flaw: 'a key in the header is taken, for clients that register late',
      finds: ['issuer/assertion-embedded-jwk'],
    },
    { signature: isByOwnKey },
  ),
  officeTarget(
    {
      name: 'name-is-enough',
      flaw: 'the method of authentication is what the request brings: a name, if it brings nothing',
      finds: ['issuer/assertion-left-out'],
    },
    { nameIsEnough: true },
  ),
  officeTarget(
    {
      name: 'token-by-get',
      flaw: 'a router for every method, and members from the URL',
      finds: ['issuer/by-get', 'issuer/in-query'],
    },
    { read: ({ url }) => (url.includes('?') ? formOf(url.slice(url.indexOf('?') + 1)) : undefined) },
  ),
  officeTarget(
    {
      name: 'token-by-json',
      flaw: 'the same middleware that parses JSON elsewhere stands before the token endpoint',
      finds: ['issuer/as-json'],
    },
    { read: readJson },
  ),
  officeTarget(
    {
      name: 'members-twice',
      flaw: 'Object.fromEntries: of two members with the same name the last one counts',
      finds: ['issuer/grant-type-twice-before', 'issuer/scope-twice'],
    },
    {
      read: (request) => (isForm(request) && request.body.length < 65_536 ? formOf(request.body) : undefined),
    },
  ),
  officeTarget(
    {
      name: 'boundless-body',
      flaw: 'the limit of a body was lifted for uploads',
      finds: ['issuer/huge-body'],
    },
    { read: readHuge },
  ),
  officeTarget(
    {
      name: 'password-grant',
      flaw: 'the password grant is still there for one old app, and any password does for a known client',
      finds: ['issuer/grant-password'],
    },
    { grants: ['password'] },
  ),
  officeTarget(
    {
      name: 'token-in-caches',
      flaw: 'the answer says nothing about caches',
      finds: ['issuer/answer-may-be-cached'],
    },
    { headers: () => ({}) },
  ),
  officeTarget(
    {
      name: 'token-for-any-origin',
      flaw: 'cors({ origin: true, credentials: true }) before everything',
      finds: ['issuer/answer-for-any-origin'],
    },
    {
      headers: ({ headers }) => ({
        'cache-control': 'no-store',
        'access-control-allow-origin': String(headers.origin),
        'access-control-allow-credentials': 'true',
      }),
    },
  ),
  officeTarget(
    {
      name: 'error-with-credentials',
      flaw: 'the error says which assertion could not be read',
      finds: ['issuer/error-quotes-input'],
    },
    {
      error: (form) =>
        JSON.stringify({ error_description: `not valid: ${form.get('client_assertion') ?? ''}` }),
    },
  ),
  officeTarget(
    {
      name: 'metadata-of-another',
      flaw: 'metadata were copied from the test system, and one line was forgotten',
      finds: ['issuer/metadata-issuer'],
    },
    { metadata: { issuer: 'https://test.example' } },
  ),
  officeTarget(
    {
      name: 'metadata-offer-none',
      flaw: 'metadata offer what the library knows',
      finds: ['issuer/metadata-none', 'issuer/metadata-mac-for-clients'],
    },
    { metadata: { token_endpoint_auth_signing_alg_values_supported: ['EdDSA', 'HS256', 'none'] } },
  ),
  officeTarget(
    {
      name: 'private-key-published',
      flaw: 'the key set is the file in which the keys are kept',
      finds: ['issuer/keys-private'],
    },
    { key: { d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A' } },
  ),
];

function isByOwnKey(assertion: string): boolean {
  const [header = '', payload = '', signature = ''] = assertion.split('.');
  const jwk = opened(assertion, 0)?.['jwk'];
  if (typeof jwk !== 'object' || jwk === null) return false;
  const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  return verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
}

function isForm({ method, headers, url }: Seen): boolean {
  return (
    method === 'POST' && headers['content-type'] === 'application/x-www-form-urlencoded' && !url.includes('?')
  );
}

function formOf(text: string): Map<string, string> {
  return new Map(new URLSearchParams(text));
}

function readJson({ headers, body }: Seen): Map<string, string> | undefined {
  if (headers['content-type'] !== 'application/json') return undefined;
  const members = parseObject(body);
  return members === undefined
    ? undefined
    : new Map(Object.entries(members).map(([name, value]) => [name, String(value)]));
}

/** As the strict one reads, but for the length. */
function readHuge(request: Seen): Map<string, string> | undefined {
  if (!isForm(request) || request.body.length <= 65_536) return undefined;
  return formOf(request.body);
}
