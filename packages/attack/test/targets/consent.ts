import { deskTarget } from './link-desk.ts';
import type { Target } from './target.ts';

const runs = ['authorize/consent-'];

/** Consent pages, each with one flaw in what it takes for a yes. */
export const consentTargets: readonly Target[] = [
  deskTarget(
    {
      name: 'consent-from-anywhere',
      flaw: 'whoever is signed in has one question open, and nobody looks where the answer comes from',
      finds: [
        'authorize/consent-forged-by-another-site',
        'authorize/consent-forged-by-old-browser',
        'authorize/consent-forged-by-frame',
        'authorize/consent-forged-by-neighbour',
        'authorize/consent-forged-without-origin',
      ],
      runs,
    },
    { without: ['consent-origin'], consent: { keptWithPerson: true } },
  ),
  deskTarget(
    {
      name: 'consent-by-link',
      flaw: 'one handler for GET and POST',
      finds: ['authorize/consent-forged-by-link'],
      runs,
    },
    { without: ['consent-method'], consent: { keptWithPerson: true } },
  ),
  deskTarget(
    {
      name: 'consent-of-anybody',
      flaw: 'the name of the request in the form is random, which is taken for a guard against forgery',
      finds: ['authorize/consent-of-another-forged', 'authorize/consent-of-another'],
      runs,
    },
    { without: ['consent-origin', 'consent-person'] },
  ),
  deskTarget(
    {
      name: 'consent-of-whoever-comes',
      flaw: 'a yes counts for whoever is signed in by then',
      finds: ['authorize/consent-of-another'],
      runs,
    },
    { without: ['consent-person'] },
  ),
  deskTarget(
    {
      name: 'consent-after-sign-out',
      flaw: 'who is signed in is looked at when the page is shown',
      finds: ['authorize/consent-for-nobody'],
      runs,
    },
    { without: ['consent-signed-in'] },
  ),
  deskTarget(
    {
      name: 'consent-again',
      flaw: 'an answered question is kept, since the browser may ask again',
      finds: ['authorize/consent-again'],
      runs,
    },
    { without: ['consent-once'] },
  ),
  deskTarget(
    {
      name: 'consent-sends-anywhere',
      flaw: 'the form carries the redirect URI, which was checked when the page was made',
      finds: ['authorize/consent-redirect-changed'],
      runs,
    },
    { consent: { redirectInForm: true } },
  ),
];
