import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Lab } from '../../run/lab.ts';
import { membersOf, textOf } from './respelled.ts';

type Payload = (text: string, lab: Lab) => string | Uint8Array;

const forms: readonly (readonly [name: string, title: string, payload: Payload])[] = [
  ['trailing-comma', 'a comma after the last member', (text) => text.replace(/\}$/, ',}')],
  ['comment', 'a comment', (text) => text.replace('{', '{/* */')],
  ['line-comment', 'a comment to the end of the line', (text) => `${text}//`],
  ['second-object', 'an object after the payload', (text) => `${text}{"sub":"admin"}`],
  ['trailing-text', 'text after the payload', (text) => `${text} x`],
  ['trailing-nul', 'a NUL after the payload', (text) => `${text}\0`],
  ['leading-nul', 'a NUL before the payload', (text) => `\0${text}`],
  ['single-quotes', 'single quotation marks', (text) => text.replaceAll('"', "'")],
  ['bare-names', 'names without quotation marks', (text) => text.replace(/"(\w+)":/g, '$1:')],
  ['control-character', 'a raw control character in the subject', (text) => subject(text, '"a\u0001"')],
  ['line-break-in-text', 'a raw line break in the subject', (text) => subject(text, '"a\nb"')],
  ['bad-escape', 'an escape that JSON does not have', (text) => subject(text, String.raw`"\x61"`)],
  ['utf16', 'UTF-16', (text) => Buffer.from(text, 'utf16le')],
  ['utf16-marked', 'UTF-16 with a byte order mark', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['utf8-stray', 'a byte in the subject that is no UTF-8', (text) => bytesIn(text, [0x61, 0xff])],
  ['utf8-continuation', 'a lonely continuation byte in the subject', (text) => bytesIn(text, [0x61, 0x80])],
  ['utf8-overlong', 'an overlong form in the subject', (text) => bytesIn(text, [0xc1, 0xa1])],
  ['utf8-overlong-nul', 'an overlong NUL in the subject', (text) => bytesIn(text, [0x61, 0xc0, 0x80])],
  ['utf8-surrogate', 'a surrogate as UTF-8 in the subject', (text) => bytesIn(text, [0xed, 0xa0, 0x80])],
  [
    'utf8-beyond',
    'a code point beyond the last in the subject',
    (text) => bytesIn(text, [0xf5, 0x80, 0x80, 0x80]),
  ],
  ['utf8-cut', 'a character cut off in the subject', (text) => bytesIn(text, [0x61, 0xc3])],
];

/** Payloads that are no JSON in UTF-8, and members that count for nothing, under the issuer's signature. */
export const texts: readonly Attack[] = attacks(
  {
    family: 'claims',
    needs: ['jws', 'signer'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['1.5.3', '9.2.1'],
      rfc8725bis: ['3.7'],
      cwe: ['CWE-436', 'CWE-176', 'CWE-1286'],
    },
    why: 'Two readers of one token see two different sets of claims: one checks, the other acts.',
    fix: 'Decode with a fatal UTF-8 decoder and a strict JSON parser, refuse a member that stands twice, and copy only known claims.',
  },
  [
    ...forms.map(([name, title, payload]): Row => ({
      name: `text-${name}`,
      title: `payload: ${title}`,
      run: (lab) => lab.present(lab.signedText({ payload: payload(honestText(lab), lab) })),
    })),
    ...(['exp', 'aud', 'iss'] as const).map((claim): Row => ({
      name: `first-${claim}-of-two`,
      title: `${claim} twice, the first one right and the last one wrong`,
      run: (lab) => lab.present(lab.signedText({ payload: withSecond(lab, claim) })),
    })),
    {
      name: 'exp-of-other-case',
      title: 'exp in the past, EXP in the future',
      run: (lab) => lab.present(lab.signed({ exp: past(lab), EXP: past(lab) + 1000, Exp: past(lab) + 1000 })),
    },
    {
      name: 'exp-with-space',
      title: 'exp in the past, "exp " in the future',
      run: (lab) => lab.present(lab.signed({ exp: past(lab), 'exp ': past(lab) + 1000 })),
    },
    {
      name: 'claims-of-prototype',
      title: 'no claims but a __proto__ that has them all',
      run: (lab) => lab.present(lab.signedText({ payload: `{"__proto__":${honestText(lab)}}` })),
    },
    {
      name: 'claims-of-constructor',
      title: 'no claims but a constructor.prototype that has them all',
      run: (lab) =>
        lab.present(lab.signedText({ payload: `{"constructor":{"prototype":${honestText(lab)}}}` })),
    },
    {
      name: 'claims-one-level-down',
      title: 'no claims but those in a member "claims"',
      run: (lab) =>
        lab.present(
          lab.signedText({ payload: `{"claims":${honestText(lab)},"payload":${honestText(lab)}}` }),
        ),
    },
  ],
);

function honestText(lab: Lab): string {
  return JSON.stringify(lab.jws().payload);
}

function subject(text: string, value: string): string {
  return text.replace(/"sub":"[^"]*"/, `"sub":${value}`);
}

function bytesIn(text: string, bytes: readonly number[]): Uint8Array {
  const [before = '', after = ''] = subject(text, '"@@@"').split('@@@');
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
}

function past(lab: Lab): number {
  return Math.floor(lab.now() / 1000) - 100;
}

function withSecond(lab: Lab, claim: 'exp' | 'aud' | 'iss'): string {
  const wrong = { exp: past(lab), aud: 'https://elsewhere.example', iss: 'https://evil.example' };
  return textOf([...membersOf(lab.jws().payload), [claim, JSON.stringify(wrong[claim])]]);
}
