import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { thumbprint } from '../../keys/thumbprint.ts';
import type { Credential, ProofChange } from '../../credentials/credential.ts';
import type { ForgeKey } from '../../keys/forge-key.ts';
import { hmac, openJws, reshape, segment, signWith } from '../../forge.ts';
import type { Changes } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';
import { Missing } from '../../run/verdict.ts';
import { proofFamily } from './maps.ts';

type Change = (lab: Lab) => ProofChange;

const changes: Readonly<Record<string, Change>> = {
  'type-missing': () => ({ header: { typ: undefined } }),
  'type-jwt': () => ({ header: { typ: 'JWT' } }),
  'type-of-token': () => ({ header: { typ: 'at+jwt' } }),
  'type-list': () => ({ header: { typ: ['dpop+jwt'] } }),
  'key-missing': () => ({ header: { jwk: undefined } }),
  'key-null': () => ({ header: { jwk: null } }),
  'key-private': (lab) => ({ header: { jwk: keyOf(lab.a).privateKey.export({ format: 'jwk' }) } }),
  'key-as-text': (lab) => ({ header: { jwk: JSON.stringify(keyOf(lab.a).jwk) } }),
  'key-as-list': (lab) => ({ header: { jwk: [keyOf(lab.a).jwk] } }),
  'key-by-name': (lab) => ({ header: { jwk: undefined, kid: thumbprint(keyOf(lab.a).jwk) } }),
  'key-of-ours': (lab) => ({ key: lab.ownKey('EdDSA') }),
  'key-of-ours-p256': (lab) => ({ key: lab.ownKey('ES256') }),
  'key-of-ours-rsa': (lab) => ({ key: lab.ownKey('RS256') }),
  'key-of-ours-named-as-theirs': (lab) => ({
    key: lab.ownKey('EdDSA'),
    header: { jwk: { ...lab.ownKey('EdDSA').jwk, kid: thumbprint(keyOf(lab.a).jwk) } },
  }),
  'signed-by-our-key': (lab) => ({ text: (proof) => signedBy(lab.ownKey('EdDSA'), proof) }),
  'algorithm-none': () => ({ text: (proof) => changedText(proof, { alg: 'none' }, '') }),
  'algorithm-none-signature-kept': () => ({ text: (proof) => changedText(proof, { alg: 'none' }) }),
  'algorithm-missing': () => ({ header: { alg: undefined } }),
  'algorithm-other': () => ({ header: { alg: 'RS256' } }),
  'algorithm-hs256-key-of-ours': () => ({ text: symmetric }),
  'algorithm-hs256-public-key': (lab) => ({
    text: (proof) => macBy(proof, JSON.stringify(keyOf(lab.a).jwk)),
  }),
  'critical-unknown': () => ({ header: { crit: ['x'], x: 1 } }),
  'critical-b64': () => ({ header: { crit: ['b64'], b64: false } }),
  'signature-empty': () => ({ text: (proof) => changedText(proof, {}, '') }),
  'signature-cut': () => ({ text: (proof) => proof.slice(0, -8) }),
  'signature-zero': () => ({ text: (proof) => changedText(proof, {}, segment(Buffer.alloc(64))) }),
  'signature-of-another-proof': (lab) => ({
    text: (proof) => changedClaims(proof, { jti: lab.random.id() }),
  }),
  'two-segments': () => ({ text: (proof) => proof.split('.').slice(0, 2).join('.') }),
  'four-segments': () => ({ text: (proof) => `${proof}.` }),
  'not-a-jws': () => ({ text: () => 'proof' }),
  'two-in-one-header': () => ({ text: (proof) => `${proof}, ${proof}` }),
  'as-json': () => ({ text: asJson }),
};

/** The encodings of Ed25519 points of small order (y, little endian, with the sign bit): forgeries for all of them are trivial. */
const smallOrder = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '0000000000000000000000000000000000000000000000000000000000000000',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
];

/** Proofs by the wrong key, by no key, or by a key that signs everything. */
export const proofKeys: readonly Attack[] = attacks(proofFamily, [
  ...Object.entries(changes).map(([name, change]): Row => ({
    name,
    title: `a proof that is wrong in its form or key: ${name.replaceAll('-', ' ')}`,
    run: (lab) => lab.present(lab.a.token, { proof: change(lab) }),
  })),
  ...smallOrder.map((point, index): Row => ({
    name: `small-order-key-${index}`,
    title: `a token bound to an Ed25519 key of small order (${point.slice(0, 4)}…${point.slice(-2)}), and a signature that fits every text`,
    needs: ['signer'],
    maps: { cwe: ['CWE-347', 'CWE-1240'] },
    run: (lab) => {
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(point, 'hex').toString('base64url') };
      const text = (proof: string): string => changedText(proof, { alg: 'EdDSA', jwk }, everyText());
      return lab.present(lab.signed({ cnf: { jkt: thumbprint(jwk) } }), { proof: { text } });
    },
  })),
]);

/** R is the neutral point and S is 0: R = S·B − h·A for a key A of small order and many texts. */
function everyText(): string {
  const signature = Buffer.alloc(64);
  signature[0] = 1;
  return segment(signature);
}

function keyOf({ carrier }: Credential): ForgeKey {
  if (carrier.kind === 'dpop') return carrier.key;
  throw new Missing('dpop', 'the token is not bound');
}

function changedText(proof: string, header: Changes, signature?: string): string {
  const jws = openJws(proof);
  return jws === undefined
    ? proof
    : reshape(jws, { header, ...(signature === undefined ? {} : { signature }) });
}

function changedClaims(proof: string, payload: Changes): string {
  const jws = openJws(proof);
  return jws === undefined ? proof : reshape(jws, { payload });
}

function signedBy(key: ForgeKey, proof: string): string {
  const input = proof.split('.').slice(0, 2).join('.');
  return `${input}.${segment(signWith(key, input))}`;
}

function symmetric(proof: string): string {
  const secret = Buffer.alloc(32, 7);
  const jws = openJws(proof);
  const header = { alg: 'HS256', jwk: { kty: 'oct', k: secret.toString('base64url') } };
  return jws === undefined ? proof : reshape(jws, { header, signature: (input) => hmac(input, secret) });
}

function macBy(proof: string, secret: string): string {
  const jws = openJws(proof);
  return jws === undefined
    ? proof
    : reshape(jws, { header: { alg: 'HS256' }, signature: (input) => hmac(input, secret) });
}

function asJson(proof: string): string {
  const [header, payload, signature] = proof.split('.');
  return JSON.stringify({ protected: header, payload, signature });
}
