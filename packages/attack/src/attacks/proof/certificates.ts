import { createHash } from 'node:crypto';
import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { selfSigned } from '../../keys/certificate.ts';
import type { Exchange, HeaderList } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { proofFamily } from './maps.ts';

type Header = (certificate: Buffer) => HeaderList[number];

/** Headers in which a proxy that ends TLS tells the server behind it of the client's certificate. */
const headers: Readonly<Record<string, Header>> = {
  'client-cert': (der) => ['Client-Cert', `:${der.toString('base64')}:`],
  'x-client-cert': (der) => ['X-Client-Cert', encodeURIComponent(pemOf(der))],
  'x-ssl-client-cert': (der) => ['X-SSL-Client-Cert', encodeURIComponent(pemOf(der))],
  'x-forwarded-client-cert': (der) => [
    'X-Forwarded-Client-Cert',
    `Hash=${createHash('sha256').update(der).digest('hex')};Cert="${encodeURIComponent(pemOf(der))}"`,
  ],
  'x-arr-clientcert': (der) => ['X-ARR-ClientCert', der.toString('base64')],
};

/** Tokens that are bound to a certificate (RFC 8705), without it: it is no secret, so only its handshake proves anything. */
export const certificateBinding: readonly Attack[] = attacks(
  {
    ...proofFamily,
    needs: ['jws', 'signer'],
    maps: { ...proofFamily.maps, cwe: ['CWE-294', 'CWE-345', 'CWE-290'] },
    fix: 'Compare cnf["x5t#S256"] with the certificate of the connection (RFC 8705 section 3), and refuse such a token where there is none.',
  },
  [
    {
      name: 'certificate-bound-without-certificate',
      title: 'a token that is bound to a certificate, without any',
      run: (lab) => bound(lab),
    },
    ...Object.entries(headers).map(([name, make]): Row => ({
      name: `certificate-in-${name}`,
      title: `a token that is bound to a certificate, which stands in the header ${name} of the request`,
      why: 'A header that a proxy should have taken away says who is there: whoever has the token writes it.',
      fix: 'Let the proxy remove the header from every request that comes in, and take it from the proxy alone (RFC 9440 section 4).',
      run: (lab) => bound(lab, make),
    })),
  ],
);

function bound(lab: Lab, make?: Header): Promise<Exchange> {
  const certificate = selfSigned(lab.ownKey('ES256'), 'client');
  const thumbprint = createHash('sha256').update(certificate).digest('base64url');
  const token = lab.signed({ cnf: { 'x5t#S256': thumbprint }, crr: undefined });
  const more = make === undefined ? [] : [make(certificate)];
  // Such a token is no DPoP token, whatever the honest one is (RFC 8705 section 3).
  const scheme = lab.a.carrier.kind === 'dpop' ? { proof: [], authorization: [`Bearer ${token}`] } : {};
  return lab.present(token, { headers: more, ...scheme });
}

function pemOf(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
}
