import { attacks, type Attack } from '../../attack-row.ts';
import { describeReply } from '../../run/calibration.ts';
import type { Exchange } from '../../http/exchange.ts';
import { parseObject } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';
import { encoded, type Pair } from '../../credentials/token-request.ts';
import { accepted, inconclusive, Missing, refused, type Judgement } from '../../run/verdict.ts';
import { authorizeFamily, reachesUs } from './requests.ts';
import type { Arrival } from './travel.ts';
import { authorizePairs, authorizeUrl, demandSignedIn, goTo, isSamePage } from './visit.ts';

const endpointName = 'pushed_authorization_request_endpoint';
const evil = 'https://evil.example/callback';

/** Requests that were pushed (RFC 9126), by somebody else or with what may not be pushed. */
export const pushedRequests: readonly Attack[] = attacks(
  {
    ...authorizeFamily,
    maps: { asvs50: ['10.4.4'], rfc9700: ['4.1.3', '4.7'], cwe: ['CWE-639', 'CWE-345'] },
    why: 'What was pushed is taken for checked: whoever may push for others, or anything, has the codes of others.',
    fix: 'Keep with each pushed request who pushed it, check it as any other, and let it go on for that client alone.',
  },
  [
    {
      name: 'pushed-by-another-client',
      title: 'a pushed request of one application, in the name of another',
      needs: ['otherApplication', 'signedIn'],
      run: async (lab) => {
        const { other, clientId } = lab.application();
        const own = { client_id: other?.clientId, redirect_uri: other?.redirectUri };
        const uri = pushedUri(await push(lab, authorizePairs(lab, { form: own })));
        return passes(lab, [
          ['client_id', clientId],
          ['request_uri', uri],
        ]);
      },
    },
    {
      name: 'pushed-guessed',
      title: 'a pushed request that nobody pushed',
      needs: ['signedIn'],
      run: (lab) => {
        demandEndpoint(lab);
        const guess = lab.random.bytes(32).toString('base64url');
        return passes(lab, [
          ['client_id', lab.application().clientId],
          ['request_uri', `urn:ietf:params:oauth:request_uri:${guess}`],
        ]);
      },
    },
    {
      name: 'pushed-redirect-foreign',
      title: 'a redirect URI of ours, pushed',
      run: async (lab) => {
        const pushed = await push(lab, authorizePairs(lab, { form: { redirect_uri: evil } }));
        const uri = uriIn(pushed);
        if (uri === undefined) return refusedThere(lab, pushed);
        const { clientId } = lab.application();
        return reachesUs(
          lab,
          await goTo(
            lab,
            authorizeUrl(lab, [
              ['client_id', clientId],
              ['request_uri', uri],
            ]),
          ),
        );
      },
    },
    {
      name: 'pushed-redirect-beside',
      title: 'a redirect URI of ours in the URL, beside an honest pushed request',
      run: async (lab) => {
        const uri = pushedUri(await push(lab, authorizePairs(lab)));
        const { clientId } = lab.application();
        const pairs: Pair[] = [
          ['client_id', clientId],
          ['request_uri', uri],
          ['redirect_uri', evil],
        ];
        return reachesUs(lab, await goTo(lab, authorizeUrl(lab, pairs)));
      },
    },
    {
      name: 'pushed-request-uri',
      title: 'a request_uri that is itself pushed (RFC 9126 section 2.1)',
      run: async (lab) => {
        const honest = pushedUri(await push(lab, authorizePairs(lab)));
        const pushed = await push(lab, authorizePairs(lab, { form: { request_uri: honest } }));
        return uriIn(pushed) === undefined
          ? refused(`answered ${describeReply(pushed.reply)}`, pushed)
          : accepted('it was taken', pushed);
      },
    },
  ],
);

async function passes(lab: Lab, pairs: readonly Pair[]): Promise<Judgement> {
  const honest = await demandSignedIn(lab);
  const arrival: Arrival = await goTo(lab, authorizeUrl(lab, pairs));
  const { exchanges, kind } = arrival;
  if (kind === 'delivered' || isSamePage(arrival, honest))
    return accepted('it goes on as the honest request', ...exchanges);
  return kind === 'refused' || kind === 'told'
    ? refused('it does not go on', ...exchanges)
    : inconclusive('another page than for the honest request', ...exchanges);
}

async function refusedThere(lab: Lab, pushed: Exchange): Promise<Judgement> {
  pushedUri(await push(lab, authorizePairs(lab)));
  return refused(`answered ${describeReply(pushed.reply)}`, pushed);
}

function push(lab: Lab, pairs: readonly Pair[]): Promise<Exchange> {
  return lab.send({
    ...{ url: demandEndpoint(lab), method: 'POST', body: encoded(pairs) },
    headers: [['Content-Type', 'application/x-www-form-urlencoded']],
  });
}

function demandEndpoint(lab: Lab): string {
  const endpoint = lab.metadata[endpointName];
  if (typeof endpoint === 'string') return endpoint;
  throw new Missing('application', 'the issuer takes no pushed requests');
}

function uriIn({ reply }: Exchange): string | undefined {
  const answer = reply.kind === 'answer' && reply.status < 300 ? parseObject(reply.body) : undefined;
  const uri = answer?.['request_uri'];
  return typeof uri === 'string' ? uri : undefined;
}

function pushedUri(pushed: Exchange): string {
  const uri = uriIn(pushed);
  if (uri !== undefined) return uri;
  throw new Missing('application', `an honest pushed request was answered ${describeReply(pushed.reply)}`);
}
