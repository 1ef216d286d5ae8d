import { attacks, type Attack } from '../../attack-row.ts';
import type { ProofChange } from '../../credentials/credential.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, refused, type Judgement } from '../../run/verdict.ts';
import { proofFamily } from './maps.ts';

const copies = 12;

/** Bound tokens without their proof, and proofs that are used again. */
export const proofPresentation: readonly Attack[] = attacks(proofFamily, [
  {
    name: 'without-proof',
    title: 'a bound token without a proof',
    run: (lab) => lab.present(lab.a.token, { proof: [] }),
  },
  {
    name: 'as-bearer',
    title: 'a bound token as a bearer token',
    run: (lab) => lab.present(lab.a.token, { proof: [], authorization: [`Bearer ${lab.a.token}`] }),
  },
  {
    name: 'as-bearer-with-proof',
    title: 'a bound token with the Bearer scheme and an honest proof',
    run: (lab) => lab.present(lab.a.token, { authorization: [`Bearer ${lab.a.token}`] }),
  },
  {
    name: 'empty-proof',
    title: 'a bound token with an empty proof',
    run: (lab) => lab.present(lab.a.token, { proof: [''] }),
  },
  {
    name: 'token-as-proof',
    title: 'the token itself as its proof',
    run: (lab) => lab.present(lab.a.token, { proof: [lab.a.token] }),
  },
  {
    name: 'two-proofs',
    title: 'two honest proofs in two headers',
    fix: 'RFC 9449 section 4.3: exactly one DPoP header; refuse a request with two.',
    run: async (lab) => {
      const { request } = await unaccepted(lab);
      const [one] = request.headers.filter(([name]) => name === 'DPoP');
      return lab.present(lab.a.token, { headers: one === undefined ? [] : [one] });
    },
  },
  {
    name: 'two-proofs-one-forged',
    title: 'an honest proof, and one by a key of ours in front of it',
    run: async (lab) => {
      const { request } = await unaccepted(lab, { key: lab.ownKey('EdDSA') });
      const [forged] = request.headers.filter(([name]) => name === 'DPoP');
      const honest = await unaccepted(lab);
      const [own] = honest.request.headers.filter(([name]) => name === 'DPoP');
      return lab.present(lab.a.token, { proof: [forged?.[1] ?? '', own?.[1] ?? ''] });
    },
  },
  {
    name: 'two-schemes',
    title: 'the token twice: with the DPoP scheme and a proof, and as a bearer token',
    run: (lab) => lab.present(lab.a.token, { headers: [['Authorization', `Bearer ${lab.a.token}`]] }),
  },
  {
    name: 'as-bearer-of-others',
    title: "another user's token as a bearer token, beside an honest proof and token of ours",
    needs: ['second'],
    run: async (lab) =>
      lab.present(lab.a.token, { headers: [['Authorization', `Bearer ${(await lab.second()).token}`]] }),
  },
  ...['dpop', 'proof', 'dpop_proof'].map((name) => ({
    name: `proof-in-query-${name.replace('_', '-')}`,
    title: `a bound token whose proof stands in the query, as ${name}`,
    run: async (lab: Lab) => {
      const { request } = await unaccepted(lab);
      const [, proof = ''] = request.headers.find(([each]) => each === 'DPoP') ?? [];
      const url = `${lab.url}${lab.url.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(proof)}`;
      return lab.present(lab.a.token, { proof: [], url });
    },
  })),
  {
    name: 'other-token-own-key',
    title: "another user's token with a proof by a key of ours",
    needs: ['second'],
    run: async (lab) => {
      const { token } = await lab.second();
      return lab.present(token, { proof: { key: lab.ownKey('EdDSA') } });
    },
  },
  {
    name: 'forwarded-host',
    title: 'a proof for another host, which X-Forwarded-Host names',
    run: (lab) => otherHost(lab, [['X-Forwarded-Host', 'evil.example']]),
  },
  {
    name: 'forwarded-standard',
    title: 'a proof for another host, which Forwarded names',
    run: (lab) => otherHost(lab, [['Forwarded', 'host=evil.example;proto=http']]),
  },
  {
    name: 'forwarded-prefix',
    title: 'a proof for a longer path, which X-Forwarded-Prefix names',
    run: (lab) => {
      const { origin, pathname } = new URL(lab.url);
      const htu = `${origin}/evil${pathname}`;
      return lab.present(lab.a.token, {
        headers: [['X-Forwarded-Prefix', '/evil']],
        proof: { payload: { htu } },
      });
    },
  },
  {
    name: 'forwarded-scheme',
    title: 'a proof for the other scheme, which X-Forwarded-Proto names',
    run: (lab) => {
      const other = lab.url.startsWith('https:') ? 'http' : 'https';
      return lab.present(lab.a.token, {
        headers: [['X-Forwarded-Proto', other]],
        proof: { payload: { htu: lab.url.replace(/^https?/, other) } },
      });
    },
  },
  {
    name: 'original-url',
    title: 'a proof for another path, which X-Original-URL and X-Rewrite-URL name',
    run: (lab) => {
      const htu = `${new URL(lab.url).origin}/evil`;
      const headers = [
        ['X-Original-URL', '/evil'],
        ['X-Rewrite-URL', '/evil'],
      ] as const;
      return lab.present(lab.a.token, { headers, proof: { payload: { htu } } });
    },
  },
  {
    name: 'host-header',
    title: 'a proof for another host, which Host names',
    run: (lab) => otherHost(lab, [['Host', 'evil.example']]),
  },
  {
    name: 'replayed',
    title: 'the same proof a second time',
    why: 'Whoever sees one request can repeat it.',
    fix: 'Remember (key, jti) of every accepted proof for as long as its iat can pass.',
    run: replay,
  },
  {
    name: 'replayed-at-once',
    title: `the same proof ${copies} times at once`,
    why: 'Whoever sees one request can repeat it: a check and a later note leave a gap between them.',
    fix: 'Decide by the insertion itself: one of all requests with the same (key, jti) wins.',
    run: replayAtOnce,
  },
]);

function otherHost(lab: Lab, headers: readonly (readonly [string, string])[]): Promise<Exchange> {
  const htu = `http://evil.example${new URL(lab.url).pathname}`;
  return lab.present(lab.a.token, { headers, proof: { payload: { htu } } });
}

/** An honest request whose proof was accepted, to be sent again as it was. */
export async function captured(lab: Lab): Promise<Exchange | undefined> {
  const honest = await lab.control();
  return lab.isAccepted(honest) ? honest : undefined;
}

async function replay(lab: Lab): Promise<Exchange | Judgement> {
  const honest = await captured(lab);
  return honest === undefined ? inconclusive('no honest request to repeat') : lab.send(honest.request);
}

async function replayAtOnce(lab: Lab): Promise<Judgement> {
  const request = await unsent(lab);
  if (request === undefined) return inconclusive('no proof to send');
  const exchanges = await Promise.all(Array.from({ length: copies }, () => lab.send(request)));
  const yes = exchanges.filter((each) => lab.isAccepted(each));
  const seen = `${yes.length} of ${copies} requests with the same proof were accepted`;
  return yes.length > 1 ? accepted(seen, ...yes.slice(0, 2)) : refused(seen, ...exchanges.slice(0, 1));
}

/** A request whose proof the target does not note, since the token beside it is none. */
function unaccepted(lab: Lab, proof: ProofChange = {}): Promise<Exchange> {
  return lab.present(lab.a.token, { authorization: ['DPoP x'], proof });
}

/** A request with an honest proof that nobody has seen: made for a target that then refuses the token's spelling. */
async function unsent(lab: Lab): Promise<Exchange['request'] | undefined> {
  const { request, reply } = await unaccepted(lab);
  const headers = request.headers.map(([name, value]) =>
    name === 'Authorization' ? ([name, `DPoP ${lab.a.token}`] as const) : ([name, value] as const),
  );
  return reply.kind === 'answer' ? { ...request, headers } : undefined;
}
