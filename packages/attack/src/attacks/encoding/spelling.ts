import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { Missing } from '../../run/verdict.ts';
import { otherTextFamily } from './maps.ts';

type Respell = (signature: string, token: string) => string;

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Other spellings of the same bytes. */
export const spelling: readonly Attack[] = attacks(
  {
    ...otherTextFamily,
    why: 'One token has many texts, so that a list of ended tokens, a cache or a replay check by text can be walked around.',
    fix: 'Take the one canonical spelling: decode strictly, encode again, and compare with what came.',
  },
  [
    spelled('trailing-bits-one', 'one unused bit of the last character set', (s) => otherTail(s, 1)),
    spelled('trailing-bits-two', 'another unused bit of the last character set', (s) => otherTail(s, 2)),
    spelled('trailing-bits-all', 'all unused bits of the last character changed', (s) => otherTail(s, 3)),
    spelled('padding-one', 'one "=" after the signature', (s) => `${s}=`),
    spelled('padding-two', 'two "=" after the signature', (s) => `${s}==`),
    spelled('padding-percent', '"%3D%3D" after the signature', (s) => `${s}%3D%3D`),
    spelled('hex', 'the signature in hexadecimal digits', (s) => Buffer.from(s, 'base64url').toString('hex')),
    spelled('percent-encoded', 'a character of the signature percent-encoded', (s) => percented(s)),
    inHeader('percent-encoded-dots', 'both dots percent-encoded', (token) => token.replaceAll('.', '%2E')),
    inHeader('percent-encoded-whole', 'every character percent-encoded', percented),
    whole('base64-around', 'the whole token in base64url again', (token) =>
      Buffer.from(token).toString('base64url'),
    ),
    whole('padded-segments', 'each segment padded to a multiple of four', (token) =>
      token
        .split('.')
        .map((part) => part + '='.repeat((4 - (part.length % 4)) % 4))
        .join('.'),
    ),
    spelled('other-alphabet', '"+" and "/" in place of "-" and "_" in the signature', (s) => {
      if (!/[-_]/.test(s)) throw new Missing('algorithm', 'needs a signature with "-" or "_" in it');
      return s.replaceAll('-', '+').replaceAll('_', '/');
    }),
  ],
);

function spelled(name: string, title: string, respell: Respell): Row {
  return {
    name,
    title,
    run: (lab) => lab.present(lab.altered({ signature: respell(lab.jws().segments[2], lab.a.token) })),
  };
}

function whole(name: string, title: string, respell: (token: string) => string): Row {
  return { name, title, run: (lab) => lab.present(respell(lab.a.token)) };
}

/** In a cookie percent signs are decoded by many honest servers. */
function inHeader(name: string, title: string, respell: (token: string) => string): Row {
  return {
    name,
    title,
    run: (lab) => {
      if (lab.a.carrier.kind === 'cookie') throw new Missing('bearer', 'needs a token in a header');
      return lab.present(respell(lab.a.token));
    },
  };
}

function otherTail(signature: string, bits: number): string {
  if (signature.length % 4 === 0) throw new Missing('algorithm', 'needs a signature that leaves bits unused');
  const last = letters[letters.indexOf(signature.at(-1) ?? 'A') ^ bits] ?? 'A';
  return signature.slice(0, -1) + last;
}

function percented(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join('');
}
