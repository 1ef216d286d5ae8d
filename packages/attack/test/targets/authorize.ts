import { deskTarget } from './link-desk.ts';
import type { Target } from './target.ts';

/** Authorization endpoints, each with one flaw in what it takes, whom it answers, or what its codes are good for. */
export const authorizeTargets: readonly Target[] = [
  deskTarget(
    {
      name: 'token-in-url',
      flaw: 'the response type "token" was never switched off',
      finds: ['authorize/type-'],
      runs: ['authorize/type-', 'authorize/challenge-missing'],
    },
    { without: ['type'] },
  ),
  deskTarget(
    {
      name: 'challenge-optional',
      flaw: 'a challenge is checked if there is one, for applications from before',
      finds: ['authorize/challenge-missing', 'authorize/challenge-empty'],
      runs: ['authorize/challenge-', 'authorize/type-token'],
    },
    { without: ['challenge'] },
  ),
  deskTarget(
    {
      name: 'challenge-of-any-method',
      flaw: 'the method of the challenge is not looked at',
      finds: ['authorize/challenge-plain', 'authorize/challenge-'],
    },
    { without: ['method'] },
  ),
  deskTarget(
    {
      name: 'redirect-by-prefix',
      flaw: 'the redirect URI must begin as it is registered',
      finds: [
        'authorize/redirect-registered-as-prefix',
        'authorize/redirect-path-below',
        'authorize/redirect-',
      ],
    },
    { redirect: (uri, registered) => uri.startsWith(registered) },
  ),
  deskTarget(
    {
      name: 'redirect-by-host-text',
      flaw: 'the name of the host must stand somewhere in the redirect URI',
      finds: [
        'authorize/redirect-host-as-user',
        'authorize/redirect-registered-as-query',
        'authorize/redirect-',
      ],
    },
    { redirect: (uri, registered) => uri.includes(new URL(registered).host) },
  ),
  deskTarget(
    {
      name: 'redirect-of-any-application',
      flaw: 'all redirect URIs stand in one list',
      finds: ['authorize/redirect-of-another-application'],
      runs: ['authorize/redirect-'],
    },
    { redirect: (uri) => uri === 'https://notes.example/callback' },
  ),
  deskTarget(
    {
      name: 'error-before-redirect-check',
      flaw: 'an error goes to the redirect URI before anybody has looked whether it is registered',
      finds: ['authorize/redirect-foreign-for-bad-request'],
      runs: ['authorize/redirect-'],
    },
    { without: ['page-first'] },
  ),
  deskTarget(
    {
      name: 'parameters-twice',
      flaw: 'of two parameters of one name the last one counts',
      finds: [
        'authorize/state-twice',
        'authorize/redirect-twice-before',
        'authorize/challenge-twice',
        'authorize/code-verifier-twice',
      ],
      runs: [
        'authorize/state-',
        'authorize/redirect-twice',
        'authorize/redirect-twice-before',
        'authorize/challenge-twice',
        'authorize/code-verifier-twice',
      ],
    },
    { read: (query) => new Map(new URLSearchParams(query)) },
  ),
  deskTarget(
    {
      name: 'code-for-nobody',
      flaw: 'the look at who is signed in stands on the page of the application',
      finds: ['authorize/nobody-signed-in'],
      runs: ['authorize/nobody-', 'authorize/type-'],
    },
    { without: ['signed-in'] },
  ),
  deskTarget(
    {
      name: 'pushed-for-anybody',
      flaw: 'who pushed a request is not kept with it',
      finds: ['authorize/pushed-by-another-client'],
      runs: ['authorize/pushed-'],
    },
    { without: ['pusher'] },
  ),
  deskTarget(
    {
      name: 'code-again-and-again',
      flaw: 'a code is good for a minute',
      finds: ['authorize/code-twice', 'authorize/code-at-once', 'authorize/code-twice-'],
      runs: ['authorize/code-'],
    },
    { without: ['replay', 'once'] },
  ),
  deskTarget(
    {
      name: 'code-race',
      flaw: 'whether a code was used is looked up, awaited, and then noted',
      finds: ['authorize/code-at-once'],
      // Each redemption waits here.
      runs: ['authorize/code-at-once', 'authorize/code-verifier-wrong'],
    },
    { looksThenNotes: true },
  ),
  deskTarget(
    {
      name: 'code-twice-forgiven',
      flaw: 'a code that comes again is refused, and that is all',
      finds: ['authorize/code-twice-leaves-session'],
      runs: ['authorize/code-twice', 'authorize/code-twice-leaves-session', 'authorize/code-other'],
    },
    { without: ['once'] },
  ),
  deskTarget(
    {
      name: 'code-of-any-client',
      flaw: 'whose code it is nobody asks',
      finds: ['authorize/code-other-client', 'authorize/code-client-'],
      runs: ['authorize/code-'],
    },
    { without: ['client'] },
  ),
  deskTarget(
    {
      name: 'verifier-not-compared',
      flaw: 'the verifier is read and not compared',
      finds: ['authorize/code-verifier-wrong', 'authorize/code-verifier-'],
      runs: ['authorize/code-'],
    },
    { without: ['verifier'] },
  ),
  deskTarget(
    {
      name: 'code-key-not-compared',
      flaw: 'dpop_jkt is for later',
      finds: ['authorize/code-other-key', 'authorize/code-without-its-key'],
      runs: ['authorize/code-'],
    },
    { without: ['key'] },
  ),
  deskTarget(
    {
      name: 'code-callback-not-compared',
      flaw: 'the redirect URI is looked at once',
      finds: ['authorize/code-redirect-other'],
      runs: ['authorize/code-redirect', 'authorize/code-other'],
    },
    { without: ['callback'] },
  ),
  deskTarget(
    {
      name: 'answer-of-nobody',
      flaw: 'the answer does not say who gives it',
      finds: ['authorize/answer-without-issuer'],
    },
    { without: ['iss'] },
  ),
  deskTarget(
    {
      name: 'sign-in-in-frames',
      flaw: 'a partner shows the sign-in in a frame',
      finds: ['authorize/page-framed'],
      runs: ['authorize/page-', 'authorize/markup-'],
    },
    { without: ['frames'] },
  ),
  deskTarget(
    {
      name: 'error-with-markup',
      flaw: 'the page of errors says which application was asked for, as it was written',
      finds: ['authorize/markup-in-client'],
      runs: ['authorize/markup-', 'authorize/page-'],
    },
    { without: ['escape'] },
  ),
  deskTarget(
    {
      name: 'authorize-for-any-origin',
      flaw: 'cors() before everything',
      finds: ['authorize/read-by-any-origin'],
    },
    { headers: { 'access-control-allow-origin': '*' } },
  ),
  deskTarget(
    {
      name: 'redirect-keeps-form',
      flaw: 'redirects are 307, so that nothing is lost',
      finds: ['authorize/redirect-with-body'],
    },
    { status: 307 },
  ),
  deskTarget(
    {
      name: 'registration-of-anything',
      flaw: 'what an application says of itself is kept as it is',
      finds: ['authorize/register-'],
    },
    { without: ['registration'] },
  ),
  deskTarget(
    {
      name: 'trace-on',
      flaw: 'the proxy answers TRACE',
      finds: ['issuer/method-trace', 'secrets/token-echoed-by-trace'],
      runs: ['issuer/method-', 'secrets/token-echoed-by-trace'],
    },
    {
      before: ({ method, rawHeaders }) =>
        method === 'TRACE'
          ? { status: 200, headers: { 'content-type': 'message/http' }, body: rawHeaders.join('\n') }
          : undefined,
    },
  ),
];
