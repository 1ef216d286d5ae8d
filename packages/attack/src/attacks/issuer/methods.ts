import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { describeReply } from '../../run/calibration.ts';
import { replyHeader, type Exchange } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, refused, worst, type Judgement } from '../../run/verdict.ts';

const methods = ['TRACE', 'TRACK', 'DEBUG', 'PROPFIND', 'CONNECTED'];
const endpoints = ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'revocation_endpoint'];

/** Methods that no endpoint of an issuer has: nothing may answer them by what was sent. */
export const oddMethods: readonly Attack[] = attacks(
  {
    family: 'issuer',
    needs: ['issuer'],
    maps: {
      asvs401: ['14.5.1'],
      asvs403: ['14.5.1'],
      asvs50: ['13.4.4', '4.1.4'],
      cwe: ['CWE-749', 'CWE-693'],
    },
    why: 'What is sent back can be read: cookies and credentials that no script may see.',
    fix: 'Answer methods that an endpoint does not have with 405 or 404, before anything else.',
  },
  methods.map((method): Row => ({
    name: `method-${method.toLowerCase()}`,
    title: `do the endpoints of the issuer echo what is sent by ${method}?`,
    run: async (lab) => {
      const urls = endpoints.map((name) => lab.metadata[name]).filter((url) => typeof url === 'string');
      const judged = await Promise.all(urls.map((url) => echoed(lab, { url, method })));
      return worst(judged);
    },
  })),
);

async function echoed(lab: Lab, { url, method }: { url: string; method: string }): Promise<Judgement> {
  const mark = lab.random.bytes(12).toString('hex');
  const exchange: Exchange = await lab.send({
    ...{ url, method },
    headers: [
      ['Authorization', `Bearer ${mark}`],
      ['Cookie', `session=${mark}`],
      ['X-Mark', mark],
    ],
  });
  const { reply } = exchange;
  if (reply.kind === 'broken') return refused('the connection was closed', exchange);
  if (reply.kind !== 'answer') return inconclusive(`${describeReply(reply)}: that is no refusal`, exchange);
  const type = replyHeader(reply, 'content-type') ?? '';
  if (reply.body.includes(mark) || type.startsWith('message/http'))
    return accepted(`${new URL(url).pathname} sends back what was sent`, exchange);
  const isNo = reply.status < 500 || reply.status === 501;
  return isNo
    ? refused(`answered ${describeReply(reply)}, and nothing was sent back`, exchange)
    : inconclusive(`${describeReply(reply)} at ${new URL(url).pathname}: that is no refusal`, exchange);
}
