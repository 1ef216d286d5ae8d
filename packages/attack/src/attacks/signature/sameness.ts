import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Credential } from '../../credentials/credential.ts';
import { openJws, reshape, type Jws } from '../../forge.ts';
import type { Lab } from '../../run/lab.ts';
import { endSession, presentEnded } from '../../run/session-end.ts';
import { accepted, Missing, refused, type Judgement } from '../../run/verdict.ts';
import { bytesOf, edwardsOrder, littleBytesOf, littleNumberOf, numberOf, ownCurve } from './numbers.ts';

/** Whether an ended token comes back to life in another spelling, and whether the issuer's signatures tell its key. */
export const sameness: readonly Attack[] = attacks(
  {
    family: 'signature',
    needs: ['jws', 'fresh'],
    maps: {
      asvs401: ['3.3.1', '3.5.3'],
      asvs403: ['3.3.1', '3.5.3'],
      asvs50: ['7.4.1', '9.1.1'],
      cwe: ['CWE-613', 'CWE-347'],
    },
    why: 'A session that its user has ended goes on in the hands of whoever kept the token.',
    fix: 'End sessions by an identifier in the token (jti, sid), never by the text of the token or its hash.',
  },
  [
    afterEnd('twin-after-end', 'an ended token with the second signature that ECDSA has: n - s', (jws) => {
      const { size, order } = ownCurve(jws.header);
      const s = bytesOf(order - numberOf(jws.signature.subarray(size)), size);
      return reshape(jws, { signature: () => Buffer.concat([jws.signature.subarray(0, size), s]) });
    }),
    afterEnd('s-plus-order-after-end', 'an ended token with S made larger by the order', (jws) => {
      if (jws.header['alg'] !== 'EdDSA' || jws.signature.length !== 64) {
        throw new Missing('algorithm', 'needs a token signed with Ed25519');
      }
      const s = littleBytesOf(littleNumberOf(jws.signature.subarray(32)) + edwardsOrder);
      return reshape(jws, { signature: () => Buffer.concat([jws.signature.subarray(0, 32), s]) });
    }),
    afterEnd(
      'trailing-bits-after-end',
      'an ended token with other unused bits in its last character',
      (jws) => reshape(jws, { signature: otherTail(jws.segments[2]) }),
    ),
    afterEnd('padding-after-end', 'an ended token with "=" at its end', (jws) =>
      reshape(jws, { signature: `${jws.segments[2]}==` }),
    ),
    {
      name: 'number-used-twice',
      title: 'two of eight tokens share the secret number of their signatures',
      why: 'Two signatures with one number tell the private key: anybody can write tokens.',
      fix: 'Sign with Ed25519, or ECDSA of a library that takes a new number, or one from the message, each time.',
      maps: { cwe: ['CWE-323', 'CWE-338'], asvs50: ['11.5.1'], rfc8725bis: ['3.2'] },
      run: numberUsedTwice,
    },
  ],
);

function afterEnd(name: string, title: string, respell: (jws: Jws) => string): Row {
  return {
    name,
    title,
    needs: ['end'],
    run: async (lab) => {
      const credential = await lab.fresh();
      const other = respell(opened(credential));
      await endSession(lab, credential);
      if (!(await presentEnded(lab, credential)).isRefused)
        throw new Missing('end', 'an ended token is still accepted in its own spelling');
      return lab.present(other, { credential });
    },
  };
}

function opened({ token }: Credential): Jws {
  const jws = openJws(token);
  if (jws === undefined) throw new Missing('jws', 'the token is no compact JWS');
  return jws;
}

function otherTail(segment: string): string {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.length % 3 === 0) throw new Missing('algorithm', 'needs a signature that leaves bits unused');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return segment.slice(0, -1) + (alphabet[alphabet.indexOf(segment.at(-1) ?? 'A') ^ 1] ?? 'A');
}

async function numberUsedTwice(lab: Lab): Promise<Judgement> {
  const seen = new Map<string, string>();
  for (let count = 0; count < 8; count++) {
    const { header, segments, signature } = opened(await lab.fresh());
    if (!/^(?:ES|Ed)/.test(String(header['alg']))) throw new Missing('algorithm', 'needs ECDSA or EdDSA');
    const number = signature.subarray(0, signature.length >> 1).toString('hex');
    const input = `${segments[0]}.${segments[1]}`;
    if ((seen.get(number) ?? input) !== input) return accepted(`two tokens share the number ${number}`);
    seen.set(number, input);
  }
  return refused('eight tokens, eight numbers');
}
