import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { describeReply } from '../../run/calibration.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { KeySetAnswer } from '../../keys/key-set-stage.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, Missing, refused, type Judgement } from '../../run/verdict.ts';

const tries = 30;
const tolerable = 6;

const broken: Readonly<Record<string, KeySetAnswer>> = {
  'error-500': { status: 500, body: 'Internal Server Error' },
  'not-found': { status: 404, body: '{"error":"not_found"}' },
  html: { contentType: 'text/html', body: '<!doctype html><title>Sign in</title>' },
  'no-content': { status: 200, body: '' },
  'empty-set': { body: '{"keys":[]}' },
  'no-keys': { body: '{}' },
  'keys-null': { body: '{"keys":null}' },
  'keys-object': { body: '{"keys":{}}' },
  'null-key': { body: '{"keys":[null]}' },
  'rsa-without-modulus': { body: '{"keys":[{"kty":"RSA","kid":"a","alg":"RS256","e":"AQAB"}]}' },
  'point-off-curve': {
    body: '{"keys":[{"kty":"EC","crv":"P-256","kid":"a","alg":"ES256","x":"AQ","y":"AQ"}]}',
  },
  'symmetric-only': { body: '{"keys":[{"kty":"oct","kid":"a","alg":"HS256","k":"c2VjcmV0"}]}' },
  'two-megabytes': { body: `{"keys":[],"padding":"${' '.repeat(2_000_000)}"}` },
  'deep-nesting': { body: `{"keys":${'['.repeat(20_000)}${']'.repeat(20_000)}}` },
};

/** What a target makes of a key set that it takes from us. */
export const keySetAbuse: readonly Attack[] = attacks(
  {
    family: 'keys',
    needs: ['jws', 'keySetCounter'],
    maps: { asvs50: ['9.1.3'], rfc8725bis: ['3.10'], cwe: ['CWE-400', 'CWE-755'] },
    why: 'One stranger, or one bad minute of the issuer, locks everybody out.',
    fix: 'Keep the last good key set when a fetch fails; fetch once for many, with a pause between fetches; bound the answer.',
  },
  [
    {
      name: 'unknown-kid-fetches',
      title: `${tries} tokens with unknown kids: how often is the key set fetched?`,
      why: 'Every bad token makes the server ask the issuer: a stranger attacks the issuer through it, or makes it be locked out.',
      run: countFetches,
    },
    ...Object.entries(broken).map(([name, answer]): Row => ({
      name: `outage-${name}`,
      title: `the key set answers ${name} for a moment: do honest tokens still pass?`,
      needs: ['keySet'],
      run: (lab) => outage(lab, answer),
    })),
  ],
);

async function countFetches(lab: Lab): Promise<Judgement> {
  const before = lab.keySet().fetches();
  let last: Exchange | undefined;
  for (let count = 0; count < tries; count += 1) last = await lab.present(strange(lab));
  await lab.wait(50);
  const fetches = lab.keySet().fetches() - before;
  const seen = `${tries} tokens with unknown kids made ${fetches} fetches of the key set`;
  const exchanges = last === undefined ? [] : [last];
  return fetches > tolerable ? accepted(seen, ...exchanges) : refused(seen, ...exchanges);
}

/** A token that makes a verifier look for a new key. */
function strange(lab: Lab): string {
  return lab.altered({ header: { kid: lab.random.bytes(32).toString('base64url') } });
}

async function outage(lab: Lab, answer: KeySetAnswer): Promise<Judgement> {
  const stage = lab.keySet();
  const before = stage.fetches();
  stage.answer(answer);
  try {
    await lab.present(strange(lab));
    await lab.wait(30);
    if (stage.fetches() === before)
      throw new Missing('keySet', 'the target did not fetch the key set again so soon');
    const honest = await lab.control();
    if (lab.isAccepted(honest)) return refused('the honest token was still accepted', honest);
    return accepted(
      `an honest token was answered ${describeReply(honest.reply)} after one bad answer`,
      honest,
    );
  } finally {
    stage.restore();
    await lab.present(strange(lab));
  }
}
