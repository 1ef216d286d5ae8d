import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { HeaderList } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import type { Pair } from '../../credentials/token-request.ts';
import { accepted, inconclusive, Missing, refused, type Judgement } from '../../run/verdict.ts';
import { demandConsent, knownPairs, openConsent, post, type ConsentPage } from './consent-form.ts';
import { authorizeFamily } from './requests.ts';
import type { Arrival } from './travel.ts';
import { seenOf } from './visit.ts';

const evil = 'https://evil.example';
const ours = `${evil}/callback`;
const crossSite: HeaderList = [
  ['Origin', evil],
  ['Sec-Fetch-Site', 'cross-site'],
];

/** What browsers, new and old, say of a form that another site posts. */
const elsewhere: Readonly<Record<string, HeaderList>> = {
  'by-another-site': crossSite,
  'by-old-browser': [['Origin', evil]],
  'by-frame': [
    ['Origin', 'null'],
    ['Sec-Fetch-Site', 'cross-site'],
  ],
  'by-neighbour': [
    ['Origin', 'https://evil.localhost'],
    ['Sec-Fetch-Site', 'same-site'],
  ],
  'without-origin': [],
};

/** The form by which a person allows an application: in the hands of other sites, other people, and a second time. */
export const consentForms: readonly Attack[] = attacks(
  {
    ...authorizeFamily,
    needs: ['application', 'signedIn'],
    maps: { asvs50: ['3.5.1', '10.7.1'], rfc9700: ['2.1', '4.7'], cwe: ['CWE-352', 'CWE-345'] },
    why: 'A visitor of another site allows an application of an attacker, without a click and without seeing a page.',
    fix: 'Take the form from pages of your own alone (Sec-Fetch-Site, Origin), bind it to the session that saw it, and use it up.',
  },
  [
    ...Object.entries(elsewhere).map(([name, from]): Row => ({
      name: `consent-forged-${name}`,
      title: `the form of the consent page, posted ${name.replaceAll('-', ' ')} with what it can know of it`,
      run: async (lab) => {
        await demandConsent(lab);
        // The page may be open in the browser: what is kept of it there goes with the cookie.
        const page = await openConsent(lab);
        return judged(await post(lab, page, { pairs: knownPairs(lab, page), from }));
      },
    })),
    {
      name: 'consent-forged-by-link',
      title: 'a link of another site that says yes as the form of the consent page does',
      why: 'SameSite cookies go with links: one click anywhere allows an application of an attacker.',
      fix: 'Take a decision by POST alone.',
      run: async (lab) => {
        await demandConsent(lab);
        const page = await openConsent(lab);
        const from: HeaderList = [['Sec-Fetch-Site', 'cross-site']];
        return judged(await post(lab, page, { pairs: knownPairs(lab, page), from, method: 'GET' }));
      },
    },
    {
      name: 'consent-of-another-forged',
      title: 'the form that somebody else was shown, posted by another site in this browser',
      needs: ['stranger'],
      run: async (lab) => ofAnother(lab, crossSite),
    },
    {
      name: 'consent-of-another',
      title: 'the form that somebody else was shown, posted in this browser',
      needs: ['stranger'],
      maps: { cwe: ['CWE-345', 'CWE-639'] },
      why: 'Whoever signs in after the page was shown allows what he has never seen.',
      fix: 'Bind the form to the session that saw it, and ask again if another one posts it.',
      run: async (lab) => ofAnother(lab),
    },
    {
      name: 'consent-for-nobody',
      title: 'the form of the consent page, posted by a browser in which nobody is signed in',
      maps: { asvs50: ['8.3.1'], cwe: ['CWE-306'] },
      why: 'Whoever has seen the page decides for its owner, after the sign-out too.',
      fix: 'Ask who is signed in when the answer comes, and not only when the page is shown.',
      run: async (lab) => {
        await demandConsent(lab);
        return judged(await post(lab, await openConsent(lab), { cookie: undefined }));
      },
    },
    {
      name: 'consent-again',
      title: 'the form of the consent page a second time',
      maps: { cwe: ['CWE-294', 'CWE-841'] },
      why: 'One yes is good for any number of codes: the back button, or whoever finds the form, takes another.',
      fix: 'Use the stored request up with the first answer.',
      run: async (lab) => judged(await post(lab, await demandConsent(lab))),
    },
    {
      name: 'consent-redirect-changed',
      title: 'the form of the consent page with a redirect URI of ours in it',
      maps: { cwe: ['CWE-601', 'CWE-472'] },
      why: 'The code goes to whoever changed the form.',
      fix: 'Keep the request here, and put no more than its name into the form.',
      run: redirectChanged,
    },
  ],
);

async function ofAnother(lab: Lab, from?: HeaderList): Promise<Judgement> {
  const own = await demandConsent(lab);
  const other = await openConsent(lab, await strangersCookie(lab));
  if (samePairs(own, other)) throw new Missing('stranger', 'the form says nothing of whom it was shown to');
  const { cookie } = await openConsent(lab);
  return judged(await post(lab, other, { cookie, ...(from === undefined ? {} : { from }) }));
}

async function strangersCookie(lab: Lab): Promise<string> {
  const { token, carrier } = await lab.stranger();
  if (carrier.kind !== 'cookie') throw new Missing('stranger', 'the stranger has no cookie');
  return `${carrier.name}=${token}`;
}

async function redirectChanged(lab: Lab): Promise<Judgement> {
  await demandConsent(lab);
  const { redirectUri } = lab.application();
  const page = await openConsent(lab);
  const isIn = page.pairs.some(([, value]) => value.includes(redirectUri));
  const pairs = page.pairs.map(([name, value]): Pair => [name, value.replace(redirectUri, ours)]);
  const arrival = await post(lab, page, { pairs: isIn ? pairs : [...pairs, ['redirect_uri', ours]] });
  const { location, exchanges, kind } = arrival;
  const isOurs = location !== undefined && URL.parse(location)?.origin === evil;
  if (isOurs) return accepted(`the browser is sent to ${evil}`, ...exchanges);
  return kind === 'delivered'
    ? refused('the browser is sent where it should be', ...exchanges)
    : refusal(arrival);
}

function judged(arrival: Arrival): Judgement {
  return arrival.kind === 'delivered'
    ? accepted('it was taken for a yes: a code was given', ...arrival.exchanges)
    : refusal(arrival);
}

/** The honest form has brought a code before: what brings none now is refused. */
function refusal(arrival: Arrival): Judgement {
  return arrival.kind === 'broken'
    ? inconclusive(`${seenOf(arrival)}: that is no refusal`, ...arrival.exchanges)
    : refused(`no code was given: ${seenOf(arrival)}`, ...arrival.exchanges);
}

function samePairs(one: ConsentPage, two: ConsentPage): boolean {
  return JSON.stringify(one.pairs) === JSON.stringify(two.pairs);
}
