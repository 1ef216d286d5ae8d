import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { segment, signWith } from '../../forge.ts';
import type { Lab } from '../../run/lab.ts';
import { otherTextFamily } from './maps.ts';

const places = ['header', 'payload', 'signature'] as const;
type Place = (typeof places)[number];

const alphabet = /^[\w-]$/;
const allBytes = Array.from({ length: 256 }, (_, byte) => byte).filter(
  (byte) => !alphabet.test(String.fromCharCode(byte)),
);
// In header and payload a lax decoder shows by a few of them: controls, the other alphabet, padding, a high one.
const fewBytes = [0x00, 0x09, 0x20, 0x21, 0x25, 0x2b, 0x2f, 0x3d, 0x85, 0xa0, 0xff];

/** A byte that base64url does not have, in the middle of a segment. */
export const bytes: readonly Attack[] = attacks(
  {
    ...otherTextFamily,
    why: 'One token has many texts, so that a list of ended tokens, a cache or a filter by text can be walked around.',
    fix: 'Refuse a token with any other character than those of base64url and two dots before it is decoded.',
  },
  [
    ...fewBytes.map((byte) => inserted(byte, 'header')),
    ...fewBytes.map((byte) => inserted(byte, 'payload')),
    ...allBytes.map((byte) => inserted(byte, 'signature')),
    ...(['header', 'payload'] as const).flatMap((place) =>
      [0x20, 0x21, 0x3d].map((byte): Row => signedWith(byte, place)),
    ),
  ],
);

function inserted(byte: number, place: Place): Row {
  return {
    name: `byte-${hex(byte)}-in-${place}`,
    title: `byte 0x${hex(byte)} in the middle of the ${place}`,
    run: (lab) => {
      const parts = [...lab.jws().segments];
      const at = places.indexOf(place);
      parts[at] = withByte(parts[at] ?? '', byte);
      return lab.present(parts.join('.'));
    },
  };
}

/** The same with a signature over the odd text: only the alphabet is wrong. */
function signedWith(byte: number, place: 'header' | 'payload'): Row {
  return {
    name: `byte-${hex(byte)}-in-${place}-signed`,
    title: `byte 0x${hex(byte)} in the middle of the ${place}, under a signature of the issuer over that text`,
    needs: ['signer'],
    run: (lab) => lab.present(signedText(lab, { place, change: (text) => withByte(text, byte) })),
  };
}

function signedText(lab: Lab, { place, change }: { place: Place; change: (text: string) => string }): string {
  const [header, payload] = lab.signed({}).split('.');
  const parts = { header: header ?? '', payload: payload ?? '', signature: '' };
  const input = Object.entries({ ...parts, [place]: change(parts[place]) })
    .map(([, text]) => text)
    .slice(0, 2)
    .join('.');
  return `${input}.${segment(signWith(lab.signerKey(), input))}`;
}

function withByte(text: string, byte: number): string {
  // At a border between groups of four characters: what skips the byte decodes the rest as before.
  const middle = (text.length >> 3) << 2;
  return text.slice(0, middle) + String.fromCharCode(byte) + text.slice(middle);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
