import { deflateRawSync } from 'node:zlib';
import type { JsonWebKey } from 'node:crypto';
import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, Missing, refused, type Judgement } from '../../run/verdict.ts';
import { encryptTo, type Delivery } from './jwe.ts';

/** Encrypted tokens: whoever knows the public key can make one, so that decrypting proves nothing. */
export const encrypted: readonly Attack[] = attacks(
  {
    family: 'envelope',
    needs: ['jws'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['9.1.1', '9.1.2'],
      rfc8725bis: ['3.3', '3.11'],
      cwe: ['CWE-347', 'CWE-345', 'CWE-287'],
    },
    why: 'Anybody can encrypt claims to a public key: a token for anybody, without any signature.',
    fix: 'Take signed tokens of three segments only; where tokens are encrypted, verify a signature within.',
  },
  [
    ...(['RSA-OAEP', 'RSA-OAEP-256', 'ECDH-ES'] as const).flatMap((alg): readonly Row[] => [
      row(`jwe-${alg.toLowerCase()}-unsigned`, `an unsigned token encrypted with ${alg}`, (lab) =>
        encryptTo({ alg, to: keyFor(lab, alg) }, { text: unsigned(lab), header: { cty: 'JWT' }, ...lab }),
      ),
      row(`jwe-${alg.toLowerCase()}-claims`, `bare claims encrypted with ${alg}`, (lab) =>
        encryptTo({ alg, to: keyFor(lab, alg) }, { text: claims(lab), header: headerOf(lab), ...lab }),
      ),
      row(
        `jwe-${alg.toLowerCase()}-deflated`,
        `an unsigned token, deflated and encrypted with ${alg}`,
        (lab) =>
          encryptTo(
            { alg, to: keyFor(lab, alg) },
            { text: deflateRawSync(unsigned(lab)), header: { cty: 'JWT', zip: 'DEF' }, ...lab },
          ),
      ),
    ]),
    ...guesses().flatMap(([name, delivery]): readonly Row[] => [
      row(`jwe-${name}-unsigned`, `an unsigned token encrypted with ${name.replaceAll('-', ' ')}`, (lab) =>
        encryptTo(delivery, { text: unsigned(lab), header: { cty: 'JWT' }, ...lab }),
      ),
      row(`jwe-${name}-claims`, `bare claims encrypted with ${name.replaceAll('-', ' ')}`, (lab) =>
        encryptTo(delivery, { text: claims(lab), header: headerOf(lab), ...lab }),
      ),
    ]),
    {
      name: 'jwe-password-count',
      title: 'a password-based key that is to be hashed five million times',
      why: 'Each small request costs the server a second of computing.',
      fix: 'Do not offer PBES2; if it must be, refuse counts (p2c) that your own tokens do not have.',
      maps: { cwe: ['CWE-400', 'CWE-770'], rfc8725bis: [], asvs401: [], asvs403: [], asvs50: ['15.2.2'] },
      run: hashedLong,
    },
  ],
);

function guesses(): readonly (readonly [name: string, delivery: Delivery])[] {
  return [
    ['zero-secret', { alg: 'dir', secret: Buffer.alloc(32) }],
    ['password-secret', password('secret')],
    ['password-password', password('password')],
    ['password-changeme', password('changeme')],
  ];
}

function password(text: string): Delivery {
  return { alg: 'PBES2-HS256+A128KW', password: text, count: 2048 };
}

function row(name: string, title: string, token: (lab: Lab) => string): Row {
  return { name, title, run: (lab) => lab.present(token(lab)) };
}

function unsigned(lab: Lab): string {
  return lab.altered({ header: { alg: 'none' }, payload: { sub: 'admin' }, signature: '' });
}

function claims(lab: Lab): string {
  return JSON.stringify({ ...lab.jws().payload, sub: 'admin' });
}

function headerOf(lab: Lab): { typ: unknown; kid: unknown } {
  const { typ, kid } = lab.jws().header;
  return { typ, kid };
}

/** A published key that can be encrypted to. */
function keyFor({ keys }: Lab, alg: 'RSA-OAEP' | 'RSA-OAEP-256' | 'ECDH-ES'): JsonWebKey {
  const fits = (key: JsonWebKey): boolean => (alg === 'ECDH-ES' ? key.crv === 'P-256' : key.kty === 'RSA');
  const key = keys.find(fits);
  if (key === undefined) throw new Missing('keys', `needs a published key for ${alg}`);
  return { kty: key.kty, n: key.n, e: key.e, crv: key.crv, x: key.x, y: key.y } as JsonWebKey;
}

/** Twice as long as any pause that a busy server makes, and twice in a row. */
async function hashedLong(lab: Lab): Promise<Judgement> {
  const token = (count: number): string =>
    encryptTo({ alg: 'PBES2-HS256+A128KW', password: 'any', count }, { text: unsigned(lab), ...lab });
  const few = await lab.present(token(1000));
  for (let tries = 0; tries < 2; tries++) {
    const many = await lab.present(token(5_000_000));
    const extra = Math.round(many.reply.ms - few.reply.ms);
    if (extra < 300) return refused(`answered as fast as with a count of 1,000 (${extra} ms more)`, many);
  }
  const last = await lab.present(token(5_000_000));
  return last.reply.ms - few.reply.ms < 300
    ? refused('the answer was late twice, and not the third time', last)
    : accepted('three times the answer took at least 0.3 s longer than with a count of 1,000', last);
}
