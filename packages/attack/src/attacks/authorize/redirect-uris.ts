import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, Missing, type Judgement } from '../../run/verdict.ts';
import { authorizeFamily } from './requests.ts';
import { memberOf, type Arrival } from './travel.ts';
import { isSamePage, refusedIfHonestPasses, seenOf, visit } from './visit.ts';

type Odd = (registered: URL, lab: Lab) => string;

/** What careless comparisons take for the registered redirect URI. */
const odd: Readonly<Record<string, Odd>> = {
  foreign: () => 'https://evil.example/callback',
  'registered-as-prefix': ({ href }) => `${href}.evil.example/`,
  'registered-as-query': ({ href }) => `https://evil.example/?${href}`,
  'registered-as-fragment': ({ href }) => `https://evil.example/#${href}`,
  'registered-as-path': ({ href }) => `https://evil.example/${href}`,
  'host-as-prefix': ({ protocol, host, pathname }) => `${protocol}//${host}.evil.example${pathname}`,
  'host-as-suffix': ({ protocol, host, pathname }) => `${protocol}//evil${host}${pathname}`,
  'host-as-user': ({ protocol, host, pathname }) => `${protocol}//${host}@evil.example${pathname}`,
  'host-as-user-encoded': ({ protocol, host, pathname }) => `${protocol}//${host}%2f@evil.example${pathname}`,
  'backslash-before-at': ({ protocol, host, pathname }) => `${protocol}//${host}\\@evil.example${pathname}`,
  'backslash-for-slash': ({ host }) => `https:\\\\evil.example\\${host}`,
  subdomain: ({ protocol, host, pathname }) => `${protocol}//evil.${host}${pathname}`,
  'other-port': ({ protocol, hostname, pathname }) => `${protocol}//${hostname}:1${pathname}x`,
  'other-scheme': ({ protocol, host, pathname }) =>
    `${protocol === 'https:' ? 'http:' : 'ftp:'}//${host}${pathname}`,
  'scheme-relative': () => '//evil.example/callback',
  relative: () => '/callback-of-nobody',
  'path-below': ({ href }) => `${href}/below`,
  'path-above': ({ href }) => `${href}/../evil`,
  'path-above-encoded': ({ href }) => `${href}/%2e%2e%2fevil`,
  'path-in-capitals': ({ href, pathname }) => href.replace(pathname, pathname.toUpperCase()),
  'query-added': ({ href }) => `${href}?next=https://evil.example`,
  'fragment-added': ({ href }) => `${href}#evil`,
  'script-scheme': () => 'javascript:alert(1)',
  'data-scheme': () => 'data:text/html,evil',
  'private-scheme': () => 'evil.example:/callback',
  'space-before': ({ href }) => ` ${href}`,
  'line-break-after': ({ href }) => `${href}\r\nX-Evil: 1`,
  'nul-after': ({ href }) => `${href}\0.evil.example`,
  list: ({ href }) => `${href} https://evil.example/callback`,
  wildcard: ({ protocol, pathname }) => `${protocol}//*${pathname}`,
  loopback: () => 'http://127.0.0.1:1/callback-of-nobody',
  out_of_band: () => 'urn:ietf:wg:oauth:2.0:oob',
  'of-another-application': (_registered, lab) => {
    const { other } = lab.application();
    if (other === undefined) throw new Missing('otherApplication', 'no other application was given');
    return other.redirectUri;
  },
};

/** Redirect URIs that are not registered: nobody may be sent there, not even with an error (RFC 9700 section 4.1.3). */
export const redirectUris: readonly Attack[] = attacks(
  {
    ...authorizeFamily,
    maps: { asvs50: ['10.4.1'], rfc9700: ['2.1', '4.1', '4.11'], cwe: ['CWE-601', 'CWE-183'] },
    why: 'A link to the issuer, which everybody trusts, sends the code of a visitor to an attacker.',
    fix: 'Compare the redirect URI letter by letter with what is registered, and show a page if it is not.',
  },
  [
    ...Object.entries(odd).map(([name, make]): Row => ({
      name: `redirect-${name.replaceAll('_', '-')}`,
      title: `a redirect URI that is not registered: ${name.replaceAll(/[-_]/g, ' ')}`,
      needs: name === 'of-another-application' ? ['otherApplication'] : [],
      run: (lab) => tryUri(lab, { uri: uriOf(lab, make) }),
    })),
    {
      name: 'redirect-foreign-for-unknown-client',
      title: 'a redirect URI of ours, for a client that nobody knows',
      run: (lab) => tryUri(lab, { uri: evil, form: { client_id: 'nobody' } }),
    },
    {
      name: 'redirect-foreign-for-bad-request',
      title: 'a redirect URI of ours, in a request that is wrong besides',
      run: (lab) => tryUri(lab, { uri: evil, form: { response_type: 'nothing', scope: 'no such scope' } }),
    },
    {
      name: 'redirect-foreign-silently',
      title: 'a redirect URI of ours, with prompt=none and nobody signed in',
      run: (lab) => tryUri(lab, { uri: evil, form: { prompt: 'none' }, isStranger: true }),
    },
  ],
);

const evil = 'https://evil.example/callback';

function uriOf(lab: Lab, make: Odd): string {
  const { redirectUri } = lab.application();
  const uri = make(new URL(redirectUri), lab);
  if (uri === redirectUri) throw new Missing('application', 'for this redirect URI that is the same');
  return uri;
}

async function tryUri(
  lab: Lab,
  asked: { uri: string; form?: Readonly<Record<string, string>>; isStranger?: true },
): Promise<Judgement> {
  const { uri, form, isStranger } = asked;
  const arrival = await visit(lab, {
    form: { redirect_uri: uri, ...form },
    ...(isStranger === undefined ? {} : { isStranger }),
  });
  if (isSentAway(lab, arrival))
    return accepted(`the browser is sent to a redirect URI that is not registered`, ...arrival.exchanges);
  const honest = await visit(lab);
  if (!isSamePage(arrival, honest)) return refusedIfHonestPasses(lab, arrival);
  return lab.has('signedIn')
    ? accepted(`${seenOf(arrival)}: the person is asked, as for the honest request`, ...arrival.exchanges)
    : inconclusive('nobody is signed in, and the sign-in is all that is seen', ...arrival.exchanges);
}

/** The registered place, with what the issuer adds, is no harm: so it answers a request that it may answer. */
function isSentAway(lab: Lab, { location }: Arrival): boolean {
  if (location === undefined) return false;
  const { redirectUri } = lab.application();
  const rest = location.startsWith(redirectUri) ? location.slice(redirectUri.length) : undefined;
  const isHome = rest === '' || (rest !== undefined && /^[?&#]/.test(rest));
  return !isHome || memberOf(location, 'next') !== undefined || location.includes('#evil');
}
