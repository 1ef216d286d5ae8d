import { attacks, type Attack } from '../../attack-row.ts';

/** Signatures that are not compared, or only in part. */
export const unverified: readonly Attack[] = attacks(
  {
    family: 'token',
    needs: ['jws'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['9.1.1'],
      rfc8725bis: ['3.3'],
      cwe: ['CWE-347', 'CWE-345'],
    },
    why: 'A token can be rewritten, and what is written in it is believed.',
    fix: 'Call the verifying function, not the decoding one, and use nothing of a token before it has returned.',
  },
  [
    {
      name: 'subject-changed',
      title: 'another subject under the old signature',
      run: (lab) => lab.present(lab.altered({ payload: { sub: 'admin' } })),
    },
    {
      name: 'claim-added',
      title: 'a claim added under the old signature',
      run: (lab) => lab.present(lab.altered({ payload: { admin: true } })),
    },
    {
      name: 'life-extended',
      title: 'a later expiry under the old signature',
      run: (lab) => lab.present(lab.altered({ payload: { exp: Math.floor(lab.now() / 1000) + 3000 } })),
    },
    {
      name: 'scope-widened',
      title: 'a wider scope under the old signature',
      run: (lab) => lab.present(lab.altered({ payload: { scope: 'read write admin' } })),
    },
    {
      name: 'signature-of-another-token',
      title: "the payload of another user's token under this signature",
      needs: ['second'],
      run: async (lab) => {
        const { token } = await lab.second();
        return lab.present(lab.altered({ payloadText: Buffer.from(token.split('.')[1] ?? '', 'base64url') }));
      },
    },
    {
      name: 'signature-random',
      title: 'a random signature of the right length',
      run: (lab) =>
        lab.present(lab.altered({ signature: () => lab.random.bytes(lab.jws().signature.length) })),
    },
    {
      name: 'signature-of-own-key',
      title: 'signed by a key of ours under the honest kid',
      run: (lab) => lab.present(lab.altered({ signature: (input) => lab.sign(input, 'EdDSA') })),
    },
    {
      name: 'signature-of-own-p256-key',
      title: 'signed by an ES256 key of ours under the honest kid',
      run: (lab) =>
        lab.present(
          lab.altered({ header: { alg: 'ES256' }, signature: (input) => lab.sign(input, 'ES256') }),
        ),
    },
    {
      name: 'signature-of-own-rsa-key',
      title: 'signed by an RS256 key of ours under the honest kid',
      run: (lab) =>
        lab.present(
          lab.altered({ header: { alg: 'RS256' }, signature: (input) => lab.sign(input, 'RS256') }),
        ),
    },
    ...[0, 1, 8, 16, 31, 32, 63].map((length) => ({
      name: `signature-cut-to-${length}`,
      title: `the signature cut to its first ${length} bytes`,
      run: (lab: Parameters<Attack['run']>[0]) =>
        lab.present(lab.altered({ signature: () => lab.jws().signature.subarray(0, length) })),
    })),
    ...['first', 'last', 'middle'].map((place) => ({
      name: `signature-${place}-bit-flipped`,
      title: `one bit of the ${place} byte of the signature flipped`,
      run: (lab: Parameters<Attack['run']>[0]) =>
        lab.present(lab.altered({ signature: () => flipped(lab.jws().signature, place) })),
    })),
  ],
);

function flipped(signature: Buffer, place: string): Buffer {
  const copy = Buffer.from(signature);
  const at = { first: 0, last: copy.length - 1, middle: copy.length >> 1 }[place] ?? 0;
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
