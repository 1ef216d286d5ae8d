import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, Missing, refused, type Judgement } from '../../run/verdict.ts';

/** What is wrong with what an issuer publishes: a sentence, or undefined. */
type Fault = (lab: Lab) => string | undefined;

const metadata: Readonly<Record<string, readonly [title: string, fault: Fault]>> = {
  'metadata-issuer': [
    'is the issuer in the metadata another than the one that was asked for? (RFC 8414 section 3.3)',
    (lab) =>
      unless(lab.metadata['issuer'] === lab.issuer, `it says ${JSON.stringify(lab.metadata['issuer'])}`),
  ],
  'metadata-none': [
    'does the metadata offer the algorithm none?',
    (lab) => listed(lab, /_alg_values_supported$/, /^none$/i),
  ],
  'metadata-mac-for-clients': [
    'does the metadata offer client assertions or proofs by a MAC?',
    (lab) => listed(lab, /^(token_endpoint_auth|dpop)_signing_alg_values_supported$/, /^HS/),
  ],
  'metadata-password': [
    'does the metadata offer the password grant?',
    (lab) => listed(lab, /^grant_types/, /^password$/),
  ],
  'metadata-implicit': [
    'does the metadata offer tokens in URLs? (response type token)',
    (lab) => listed(lab, /^response_types/, /\btoken\b(?! id_token)/),
  ],
  'metadata-plain-challenge': [
    'does the metadata offer the code challenge "plain"?',
    (lab) => listed(lab, /^code_challenge_methods/, /^plain$/),
  ],
  'metadata-plain-http': [
    'does the metadata of an https issuer name endpoints without TLS?',
    (lab) =>
      textsOf(lab).find(
        ([name, value]) => isPlain(lab) && /_(endpoint|uri)$/.test(name) && value.startsWith('http:'),
      )?.[0],
  ],
};

const keySet: Readonly<Record<string, readonly [title: string, fault: Fault]>> = {
  'keys-private': [
    'does the key set hold private members?',
    (lab) => named(lab, (key) => ['d', 'p', 'q', 'dp', 'dq', 'qi'].some((member) => member in key)),
  ],
  'keys-symmetric': [
    'does the key set hold a secret key?',
    (lab) => named(lab, (key) => key['kty'] === 'oct' || 'k' in key),
  ],
  'keys-without-id': [
    'does the key set hold several keys, one of them without a kid?',
    (lab) => named(lab, (key) => lab.keys.length > 1 && typeof key['kid'] !== 'string'),
  ],
  'keys-same-id': [
    'do two keys of the key set have the same kid?',
    (lab) =>
      named(
        lab,
        ({ kid }) => lab.keys.filter((key) => kid !== undefined && (key as Key)['kid'] === kid).length > 1,
      ),
  ],
  'keys-short': [
    'does the key set hold an RSA key below 2048 bits?',
    (lab) => named(lab, ({ kty, n }) => kty === 'RSA' && Buffer.from(String(n), 'base64url').length < 256),
  ],
  'keys-small-exponent': [
    'does the key set hold an RSA key with an exponent below 65537?',
    (lab) =>
      named(
        lab,
        ({ kty, e }) =>
          kty === 'RSA' && Number(`0x${Buffer.from(String(e), 'base64url').toString('hex')}`) < 65_537,
      ),
  ],
};

type Key = Readonly<Record<string, unknown>>;

/** What an issuer tells everybody, and should not. */
export const published: readonly Attack[] = [
  ...rows(['issuer'], {
    faults: metadata,
    why: 'Clients do what metadata offer: the weakest of it is what an attacker asks for.',
    fix: 'Publish metadata of your own identifier, and offer only what RFC 9700 leaves.',
    cwe: ['CWE-757', 'CWE-345'],
  }),
  ...rows(['keys'], {
    faults: keySet,
    why: 'Who reads a private key in the key set signs tokens for anybody; who may choose between keys chooses the weak one.',
    fix: 'Publish the public half of each key, strong, under a kid of its own: its thumbprint.',
    cwe: ['CWE-522', 'CWE-326'],
  }),
];

function rows(
  needs: readonly ('issuer' | 'keys')[],
  family: { faults: typeof metadata; why: string; fix: string; cwe: readonly string[] },
): readonly Attack[] {
  const { faults, cwe, ...text } = family;
  return attacks(
    {
      family: 'issuer',
      needs,
      maps: { asvs50: ['10.4.4', '11.1.1'], rfc9700: ['2.1', '2.4', '2.6'], cwe },
      ...text,
    },
    Object.entries(faults).map(([name, [title, fault]]): Row => ({
      name,
      title,
      run: (lab) => Promise.resolve(judge(lab, fault)),
    })),
  );
}

/** What was published has been read before: nothing is sent for it. */
function judge(lab: Lab, fault: Fault): Judgement {
  const found = fault(lab);
  const exchanges = lab.published;
  return found === undefined
    ? refused('nothing of the kind is published', ...exchanges)
    : accepted(`published: ${found}`, ...exchanges);
}

function isPlain({ issuer }: Lab): boolean {
  if (issuer?.startsWith('https:') !== true) throw new Missing('issuer', 'the issuer itself has no TLS');
  return true;
}

function textsOf({ metadata: all }: Lab): readonly (readonly [name: string, value: string])[] {
  return Object.entries(all).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
}

function listed({ metadata: all }: Lab, member: RegExp, value: RegExp): string | undefined {
  for (const [name, list] of Object.entries(all)) {
    const texts: readonly unknown[] = member.test(name) && Array.isArray(list) ? list : [];
    const found = texts.find((each) => typeof each === 'string' && value.test(each));
    if (typeof found === 'string') return `${name} has ${found}`;
  }
  return undefined;
}

function named({ keys }: Lab, isFaulty: (key: Key) => boolean): string | undefined {
  const key = keys.find((each) => isFaulty(each as Key)) as Key | undefined;
  return key === undefined ? undefined : `the key ${JSON.stringify(key['kid'] ?? null)}`;
}

function unless(isRight: boolean, otherwise: string): string | undefined {
  return isRight ? undefined : otherwise;
}
