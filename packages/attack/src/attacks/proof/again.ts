import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { replyHeader, type Exchange, type RequestParts } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, Missing, refused, type Judgement } from '../../run/verdict.ts';
import { proofFamily } from './maps.ts';
import { captured } from './presentation.ts';

const flood = 1200;
const atOnce = 24;

/** Spellings of a proof that was seen: other texts, the same signature. */
const spellings: Readonly<Record<string, (proof: string) => string>> = {
  padding: (proof) => `${proof}==`,
  'trailing-bits': withOtherBits,
  'space-before': (proof) => `\t ${proof}`,
  comma: (proof) => `${proof},`,
  'with-nonsense-in-front': (proof) => `x, ${proof}`,
};

/** Made-up nonces, for targets that ask for one. */
const nonces: Readonly<Record<string, (honest: string) => unknown>> = {
  'made-up': () => 'made-up',
  empty: () => '',
  null: () => null,
  list: (honest) => [honest],
  longer: (honest) => `${honest}A`,
  shorter: (honest) => honest.slice(0, -2),
  changed: (honest) => `${honest.startsWith('A') ? 'B' : 'A'}${honest.slice(1)}`,
};

/** Proofs that were used already, and nonces that nobody gave. */
export const proofsAgain: readonly Attack[] = attacks(proofFamily, [
  ...Object.entries(spellings).map(([name, respell]): Row => ({
    name: `replayed-${name}`,
    title: `a proof that was used already, spelt another way: ${name.replaceAll('-', ' ')}`,
    why: 'A memory of proofs by their text misses the same proof in another spelling.',
    fix: 'Take one spelling alone, and remember (key, jti), never the text.',
    run: (lab) => respelled(lab, respell),
  })),
  {
    name: 'replayed-by-others',
    title: 'a proof that was used already, with the token of another user',
    needs: ['second'],
    run: async (lab) => {
      const honest = await captured(lab);
      if (honest === undefined) return inconclusive('no honest request to repeat');
      const { token } = await lab.second();
      return lab.present(token, { proof: proofsOf(honest.request) });
    },
  },
  {
    name: 'replayed-after-many',
    title: `a proof that was used already, after ${flood} others`,
    needs: ['destructive'],
    why: 'A memory of so many proofs forgets the first when enough others come: anybody with a token can make room.',
    fix: 'Remember every proof for as long as its iat can pass; refuse when there is no room, and limit the rate of a session.',
    run: afterMany,
  },
  ...Object.entries(nonces).map(([name, change]): Row => ({
    name: `nonce-${name}`,
    title: `a nonce that was not given by the target: ${name.replaceAll('-', ' ')}`,
    why: 'Who once had the key at hand made proofs in advance, and uses them when it is gone.',
    fix: 'Take a nonce only if this server gave it lately.',
    run: (lab) => withNonce(lab, change),
  })),
  {
    name: 'get-for-head',
    title: 'a proof for GET with a HEAD request',
    run: async (lab) => {
      const own = await lab.present(lab.a.token, { method: 'HEAD' });
      if (!lab.isAccepted(own)) throw new Missing('dpop', 'HEAD is not answered here');
      return lab.present(lab.a.token, { method: 'HEAD', proof: { payload: { htm: 'GET' } } });
    },
  },
  ...['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'].map((header): Row => ({
    name: `method-by-${header.toLowerCase()}`,
    title: `a POST with a proof for the usual method, which ${header} names`,
    run: (lab) =>
      lab.present(lab.a.token, {
        method: lab.method === 'POST' ? 'PUT' : 'POST',
        headers: [[header, lab.method]],
        body: '',
        proof: { payload: { htm: lab.method } },
      }),
  })),
]);

async function respelled(lab: Lab, respell: (proof: string) => string): Promise<Exchange | Judgement> {
  const honest = await captured(lab);
  const [proof] = honest === undefined ? [] : proofsOf(honest.request);
  if (proof === undefined) return inconclusive('no honest request to repeat');
  return lab.present(lab.a.token, { proof: [respell(proof)] });
}

async function afterMany(lab: Lab): Promise<Exchange | Judgement> {
  const honest = await captured(lab);
  if (honest === undefined) return inconclusive('no honest request to repeat');
  let left = flood;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await lab.control();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const again = await lab.send(honest.request);
  return lab.isAccepted(again)
    ? accepted(`accepted again after ${flood} other proofs`, again)
    : refused(`still refused after ${flood} other proofs`, again);
}

/** Only a target that asks for nonces refuses a proof without one. */
async function withNonce(lab: Lab, change: (honest: string) => unknown): Promise<Exchange> {
  const present = (nonce: unknown): Promise<Exchange> =>
    lab.present(lab.a.token, { proof: { payload: { nonce } } });
  const bare = await present(undefined);
  if (lab.isAccepted(bare)) throw new Missing('dpop', 'the target asks for no nonce');
  const given = replyHeader(bare.reply, 'dpop-nonce');
  if (given === undefined) throw new Missing('dpop', 'the target gave no nonce');
  const tried = await present(change(given));
  // A target may ask only for a while after its start: then any nonce is as good as none.
  if (lab.isAccepted(await present(undefined))) throw new Missing('dpop', 'the target asks for no nonce');
  return tried;
}

function proofsOf({ headers }: RequestParts): readonly string[] {
  return headers.filter(([name]) => name === 'DPoP').map(([, value]) => value);
}

/** The last character of a base64url text of 64 bytes has four bits that decode to nothing. */
function withOtherBits(proof: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(proof.slice(-1));
  return `${proof.slice(0, -1)}${alphabet[last ^ 1] ?? 'B'}`;
}
