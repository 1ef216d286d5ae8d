import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Lab } from '../../run/lab.ts';
import { bytesOf, numberOf, ownCurve } from './numbers.ts';

/** A second form of one honest ECDSA signature. */
type Form = (r: Buffer, s: Buffer) => Uint8Array;

const forms: readonly (readonly [name: string, title: string, form: Form])[] = [
  ['der', 'the honest ECDSA signature as ASN.1 DER', (r, s) => sequence([integer(r), integer(s)])],
  [
    'der-long-length',
    'as BER with its length in the long form',
    (r, s) => sequence([integer(r), integer(s)], 'long'),
  ],
  [
    'der-leading-zeros',
    'as BER with superfluous zeros before the numbers',
    (r, s) => sequence([integer(r, 1), integer(s, 1)]),
  ],
  [
    'der-trailing-byte',
    'as DER with a byte after its end',
    (r, s) => Buffer.concat([sequence([integer(r), integer(s)]), Buffer.from([0])]),
  ],
  [
    'der-third-number',
    'as DER with a third number',
    (r, s) => sequence([integer(r), integer(s), integer(Buffer.from([1]))]),
  ],
  ['der-negative', 'as DER with numbers that may read as negative', (r, s) => sequence([bare(r), bare(s)])],
  ['wider-numbers', 'r and s with a zero byte more each', (r, s) => Buffer.concat([zero(1), r, zero(1), s])],
  [
    'widest-numbers',
    'r and s as wide as those of P-521',
    (r, s) => Buffer.concat([zero(34), r, zero(34), s]),
  ],
  ['swapped-numbers', 's before r', (r, s) => Buffer.concat([s, r])],
];

/** The honest signature in another form than that of RFC 7518 section 3.4. */
export const secondForms: readonly Attack[] = attacks(
  {
    family: 'signature',
    needs: ['jws'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['9.1.1'],
      rfc8725bis: ['3.3'],
      cwe: ['CWE-347', 'CWE-436'],
    },
    why: 'One token has many texts, so that a list of ended tokens, a cache or a replay check by text can be walked around.',
    fix: 'Take a signature of exactly the length that the algorithm has, and no other encoding of it.',
  },
  [...forms.map(row), ...lengths()],
);

function row([name, title, form]: (typeof forms)[number]): Row {
  return {
    name,
    title,
    run: (lab) => {
      const { header, signature } = lab.jws();
      const { size } = ownCurve(header);
      return presented(lab, form(signature.subarray(0, size), signature.subarray(size)));
    },
  };
}

function lengths(): readonly Row[] {
  const change = (name: string, title: string, of: (signature: Buffer, lab: Lab) => Uint8Array): Row => ({
    name,
    title,
    run: (lab) => presented(lab, of(lab.jws().signature, lab)),
  });
  return [
    change('appended-zero', 'a zero byte after the honest signature', (s) => Buffer.concat([s, zero(1)])),
    change('appended-three', 'three bytes after the honest signature', (s, lab) =>
      Buffer.concat([s, lab.random.bytes(3)]),
    ),
    change('appended-itself', 'the honest signature twice', (s) => Buffer.concat([s, s])),
    change('prepended-zero', 'a zero byte before the honest signature', (s) => Buffer.concat([zero(1), s])),
    change('prepended-itself-cut', 'half of the honest signature before it', (s) =>
      Buffer.concat([s.subarray(0, s.length >> 1), s]),
    ),
    change('reversed', 'the bytes of the signature from behind', (s) => Buffer.from(s).reverse()),
    change('inverted', 'every bit of the signature inverted', (s) => s.map((byte) => byte ^ 255)),
    change('all-zero', 'zero bytes as the signature', (s) => zero(s.length)),
    change('all-ones', '0xff bytes as the signature', (s) => Buffer.alloc(s.length, 255)),
  ];
}

function presented(lab: Lab, signature: Uint8Array): ReturnType<Lab['present']> {
  return lab.present(lab.altered({ signature: Buffer.from(signature).toString('base64url') }));
}

function sequence(parts: readonly Buffer[], form: 'short' | 'long' = 'short'): Buffer {
  const body = Buffer.concat(parts);
  const isLong = form === 'long' || body.length > 127;
  return Buffer.concat([Buffer.from(isLong ? [0x30, 0x81, body.length] : [0x30, body.length]), body]);
}

function integer(bytes: Buffer, superfluous = 0): Buffer {
  const least = bytesOf(numberOf(bytes), 1);
  const isHigh = (least[0] ?? 0) > 127;
  return bare(Buffer.concat([zero(superfluous + (isHigh ? 1 : 0)), least]));
}

function bare(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([2, bytes.length]), bytes]);
}

function zero(length: number): Buffer {
  return Buffer.alloc(length);
}
