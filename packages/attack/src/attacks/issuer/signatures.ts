import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { ForgeKey } from '../../keys/forge-key.ts';
import { hmac, openJws, reshape, type Reshape } from '../../forge.ts';
import type { Lab, OwnAlgorithm } from '../../run/lab.ts';
import { publicKeySpellings } from '../../keys/public-key-spellings.ts';
import type { TokenChange } from '../../credentials/token-request.ts';
import { accepted, Missing, refused, type Judgement } from '../../run/verdict.ts';
import { ask, honestAnswer, issuerFamily, judgeToken, tokenIn } from './judge.ts';

const copies = 8;

const forged: Readonly<Record<string, readonly [title: string, change: (lab: Lab) => TokenChange]>> = {
  'alg-none': ['with alg none and no signature', () => unsigned('none')],
  'alg-none-capitals': ['with alg NONE and no signature', () => unsigned('NONE')],
  'alg-none-mixed': ['with alg nOnE and no signature', () => unsigned('nOnE')],
  'alg-missing': ['with no alg and no signature', () => unsigned(undefined)],
  'signature-empty': ['whose signature is empty', () => shaped({ signature: '' })],
  'signature-zero': [
    'whose signature is zeros',
    () => shaped({ signature: Buffer.alloc(64).toString('base64url') }),
  ],
  'signature-missing': ['of two segments', () => ({ assertion: (text) => text.replace(/\.[^.]*$/, '') })],
  'payload-changed': ['changed after it was signed', () => shaped({ payload: { jti: 'another' } })],
  'other-key': ['signed by a key of ours', (lab) => ({ signer: ours(lab) })],
  'other-key-ec': ['signed by a key of ours, on another curve', (lab) => ({ signer: lab.ownKey('ES256') })],
  'embedded-jwk': [
    'signed by a key of ours, which its header brings',
    (lab) => ({ signer: ours(lab), header: { jwk: ours(lab).jwk, kid: undefined } }),
  ],
  'url-of-keys': [
    'signed by a key of ours, which its header says where to fetch',
    (lab) => ({
      signer: ours(lab),
      header: {
        jku: lab.listener.serve('/assertion', JSON.stringify({ keys: [{ ...ours(lab).jwk, kid: 'a' }] })),
        kid: 'a',
      },
    }),
  ],
  'critical-extension': [
    'with an extension that must be understood',
    () => ({ header: { crit: ['x'], x: 1 } }),
  ],
};

/** Client assertions that the client did not sign. */
export const assertionSignatures: readonly Attack[] = attacks(
  { ...issuerFamily, needs: [...issuerFamily.needs, 'assertion'] },
  [
    ...Object.entries(forged).map(([name, [title, change]]): Row => ({
      name: `assertion-${name}`,
      title: `a client assertion ${title}`,
      run: (lab) => ask(lab, change(lab)),
    })),
    ...['spki-pem', 'spki-pem-without-newline', 'spki-der', 'jwk-as-published', 'x-bytes'].map(
      (spelling): Row => ({
        name: `assertion-hs256-with-${spelling}`,
        title: `a client assertion with HS256, and the client's public key (${spelling}) as the secret`,
        run: (lab) => ask(lab, maced(lab, spelling)),
      }),
    ),
    ...['', 'secret'].map((secret): Row => ({
      name: `assertion-hs256-with-${secret === '' ? 'empty' : secret}`,
      title: `a client assertion with HS256, and "${secret}" as the secret`,
      run: (lab) => ask(lab, { assertion: (text) => byMac(text, secret) }),
    })),
    {
      name: 'assertion-twice',
      title: 'the same client assertion a second time',
      why: 'Who sees one request, in a log or on the way, gets tokens of his own.',
      fix: 'Remember the jti of every assertion until its exp.',
      run: twice,
    },
    {
      name: 'assertion-without-id-twice',
      title: 'a client assertion without a jti, twice',
      run: async (lab) => {
        const first = await lab.askToken({ payload: { jti: undefined } });
        if (tokenIn(first) === undefined) return judgeToken(lab, first);
        return again(lab, assertionIn(first.request.body));
      },
    },
    {
      name: 'assertion-at-once',
      title: `the same client assertion ${copies} times at once`,
      fix: 'Decide by the insertion itself: one of all requests with the same jti wins.',
      run: atOnce,
    },
  ],
);

async function twice(lab: Lab): Promise<Judgement> {
  const first = await honestAnswer(lab);
  return again(lab, assertionIn(first.request.body));
}

/** The assertion is the same; the proof beside it is new. */
async function again(lab: Lab, assertion: string): Promise<Judgement> {
  return ask(lab, { assertion: () => assertion });
}

async function atOnce(lab: Lab): Promise<Judgement> {
  let assertion = '';
  await lab.askToken({
    assertion: (text) => {
      assertion = text;
      return `${text}x`; // so that nobody has seen the honest one
    },
  });
  const exchanges = await Promise.all(
    Array.from({ length: copies }, () => lab.askToken({ assertion: () => assertion })),
  );
  const yes = exchanges.filter((each) => tokenIn(each) !== undefined);
  const seen = `${yes.length} of ${copies} requests with the same assertion were given a token`;
  return yes.length > 1 ? accepted(seen, ...yes.slice(0, 2)) : refused(seen, ...exchanges.slice(0, 1));
}

function assertionIn(body = ''): string {
  return new URLSearchParams(body).get('client_assertion') ?? '';
}

function ours(lab: Lab): ForgeKey {
  const { alg } = clientKey(lab);
  const known: readonly OwnAlgorithm[] = ['EdDSA', 'ES256', 'ES384', 'ES512', 'RS256', 'PS256'];
  return lab.ownKey(known.find((each) => each === alg) ?? 'EdDSA');
}

function clientKey(lab: Lab): ForgeKey {
  const { authentication } = lab.client();
  if ('key' in authentication) return authentication.key;
  throw new Missing('assertion', 'the client has a secret');
}

function unsigned(alg: string | undefined): TokenChange {
  return shaped({ header: { alg }, signature: '' });
}

function shaped(change: Reshape): TokenChange {
  return {
    assertion: (text) => {
      const jws = openJws(text);
      return jws === undefined ? text : reshape(jws, change);
    },
  };
}

function maced(lab: Lab, name: string): TokenChange {
  const jwk: JsonWebKey = createPublicKey(clientKey(lab).privateKey).export({ format: 'jwk' });
  const secret = publicKeySpellings[name]?.({ jwk, keySetText: JSON.stringify({ keys: [jwk] }) });
  if (secret === undefined) throw new Missing('algorithm', "the client's key has no such form");
  return { assertion: (text) => byMac(text, secret) };
}

function byMac(text: string, secret: string | Uint8Array): string {
  const jws = openJws(text);
  if (jws === undefined) return text;
  return reshape(jws, { header: { alg: 'HS256' }, signature: (input) => hmac(input, secret) });
}
