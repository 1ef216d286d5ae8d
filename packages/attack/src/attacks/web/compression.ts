import { attacks, type Attack, type Family } from '../../attack-row.ts';
import { replyHeader, type Exchange, type HeaderList } from '../../http/exchange.ts';
import { formsOf } from '../../http/html-form.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, Missing, refused, type Judgement } from '../../run/verdict.ts';

/** What attacks by the length of a compressed answer have in common, whatever the answer is. */
export const compressionTexts: Pick<Family, 'why' | 'fix'> & { readonly maps: Family['maps'] } = {
  maps: { asvs401: ['8.3.4'], asvs403: ['8.3.4'], asvs50: ['14.2.6'], cwe: ['CWE-203', 'CWE-200'] },
  why: 'Whoever makes the visitor send guesses and sees how long the answers are reads the secret letter by letter (BREACH).',
  fix: 'Compress no answer that holds a secret beside something of the request, or mask the secret anew in each answer.',
};

/** Asks for the answer that is attacked, with bait in it and a header that says which codings are taken. */
export type Ask = (bait: string, headers: HeaderList) => Promise<Exchange>;

const baited = ['q', 'search', 'name', 'message', 'error', 'next', 'return_to', 'state', 'lang'];

/** Answers in which a secret stands beside what an attacker chose, compressed. */
export const compression: readonly Attack[] = attacks({ family: 'web', needs: [], ...compressionTexts }, [
  {
    name: 'compressed-answer',
    title: 'is the honest answer compressed, with a secret in it and something of the request?',
    run: (lab) =>
      compressed(lab, (bait, headers) =>
        lab.present(lab.a.token, { url: withBait(lab.url, bait), headers, keep: 65_536 }),
      ),
  },
  {
    name: 'compressed-account',
    title: 'is the account page compressed, with a secret in it and something of the request?',
    needs: ['account'],
    run: async (lab) => {
      const credential = await lab.visitor();
      return compressed(lab, (bait, headers) => {
        const how = { url: withBait(lab.account(), bait), method: 'GET', headers, keep: 65_536 };
        return lab.present(credential.token, { credential, ...how });
      });
    },
  },
]);

/** Judges an answer: first plain, for what stands in it, and then as a browser would ask for it. */
export async function compressed(lab: Lab, ask: Ask): Promise<Judgement> {
  const bait = `bait${lab.random.bytes(12).toString('hex')}`;
  const plain = await ask(bait, [['Accept-Encoding', 'identity']]);
  const { reply } = plain;
  if (reply.kind !== 'answer') throw new Missing('algorithm', 'there is no answer to look at');
  const isReadable = /^(?:identity)?$/i.test(replyHeader(reply, 'content-encoding') ?? '');
  if (isReadable && !reply.body.includes(bait)) return refused('nothing of the request stands in it', plain);
  if (isReadable && !hasSecret(lab, plain)) return refused('no secret stands in it', plain);
  const exchange = await ask(bait, [['Accept-Encoding', 'gzip, deflate, br, zstd']]);
  const coding = replyHeader(exchange.reply, 'content-encoding') ?? 'identity';
  if (/^identity$/i.test(coding)) return refused('it is not compressed', exchange);
  if (!isReadable)
    throw new Missing('algorithm', 'it is compressed whatever is asked for, and cannot be read');
  return accepted(`Content-Encoding is ${coding}, and both stand in it`, exchange);
}

/** A token, or what a form or a script keeps against forgery. */
function hasSecret(lab: Lab, { request, reply }: Exchange): boolean {
  const body = reply.kind === 'answer' ? reply.body : '';
  const hidden = formsOf(body, request.url).flatMap(({ fields }) => fields.map(([, value]) => value));
  const named =
    /(?:token|csrf|xsrf|nonce|secret)[\w-]*["']?\s*(?:content=|value=|[:=])\s*["'][\w+/=.~-]{16,}/i;
  return (
    body.includes(lab.a.token) || hidden.some((value) => /^[\w+/=.~-]{16,}$/.test(value)) || named.test(body)
  );
}

function withBait(url: string, bait: string): string {
  const query = baited.map((name) => `${name}=${bait}`).join('&');
  return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}
