import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { describeReply } from '../../run/calibration.ts';
import { parseObject, type JsonObject } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, Missing, refused, type Judgement } from '../../run/verdict.ts';

const uri = 'https://evil.example/callback';

/** What nobody may register for himself, and the member of the answer that would tell that he did. */
const asked: Readonly<Record<string, readonly [title: string, metadata: JsonObject]>> = {
  'redirect-script': ['a redirect URI that is a script', { redirect_uris: ['javascript:alert(1)'] }],
  'redirect-data': [
    'a redirect URI that is a page of its own (data:)',
    { redirect_uris: ['data:text/html,evil'] },
  ],
  'redirect-plain-http': ['a redirect URI without TLS', { redirect_uris: ['http://evil.example/callback'] }],
  'redirect-fragment': ['a redirect URI with a fragment', { redirect_uris: [`${uri}#evil`] }],
  'redirect-wildcard': ['a redirect URI with a wildcard', { redirect_uris: ['https://*/callback'] }],
  implicit: [
    'tokens in URLs (the implicit grant)',
    { redirect_uris: [uri], grant_types: ['implicit'], response_types: ['token'] },
  ],
  password: ['the password grant', { redirect_uris: [uri], grant_types: ['password'] }],
  'machine-grant': [
    'tokens for itself (client credentials)',
    { redirect_uris: [uri], grant_types: ['client_credentials'] },
  ],
};

/** Applications that register themselves (RFC 7591). */
export const registrations: readonly Attack[] = attacks(
  {
    family: 'authorize',
    needs: ['issuer'],
    maps: { asvs50: ['10.4.1', '10.4.4'], rfc9700: ['2.1.2', '2.4', '4.1'], cwe: ['CWE-601', 'CWE-269'] },
    why: 'An application that nobody has looked at gets what its maker likes: a script at the issuer, or tokens without a person.',
    fix: 'Register redirect URIs of https and loopback alone, and the code flow alone.',
  },
  Object.entries(asked).map(([name, [title, metadata]]): Row => ({
    name: `register-${name}`,
    title: `does the issuer register, for anybody, ${title}?`,
    run: (lab) => register(lab, metadata),
  })),
);

async function register(lab: Lab, metadata: JsonObject): Promise<Judgement> {
  const endpoint = lab.metadata['registration_endpoint'];
  if (typeof endpoint !== 'string')
    throw new Missing('issuer', 'nobody registers applications of his own there');
  const body = JSON.stringify({ client_name: 'A test', token_endpoint_auth_method: 'none', ...metadata });
  const exchange = await lab.send({
    ...{ url: endpoint, method: 'POST', body },
    headers: [['Content-Type', 'application/json']],
  });
  const { reply } = exchange;
  if (reply.kind !== 'answer' || reply.status >= 500)
    return inconclusive(`${describeReply(reply)}: that is no refusal`, exchange);
  if (reply.status >= 300) return refused(`answered ${describeReply(reply)}`, exchange);
  const registered = parseObject(reply.body) ?? {};
  const isTaken = Object.entries(metadata).every(([name, value]) => holds(registered[name], value));
  return isTaken
    ? accepted('it was registered as it was asked for', exchange)
    : refused('it was registered otherwise', exchange);
}

function holds(list: unknown, value: unknown): boolean {
  const wanted: readonly unknown[] = Array.isArray(value) ? value : [value];
  return Array.isArray(list) && wanted.every((each) => list.includes(each));
}
