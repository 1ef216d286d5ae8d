import { AuthError, hashText, type VerifiedProof } from '@symbolon/token';
import { registeredName } from '../../sessions/audiences.ts';
import { signIdentity } from '../../linking/id-tokens.ts';
import { newId } from '../../random.ts';
import { refreshAlg } from '../../keys/signing-keys.ts';
import { json } from '../answers.ts';
import type { AuthenticatedClient } from '../authentication.ts';
import type { Office } from '../office.ts';
import { malformed, required, requiredToken, type Form } from '../requests.ts';

const verifierPattern = /^[A-Za-z0-9\-._~]{43,128}$/;

/**
 * The grant `authorization_code` (RFC 6749 section 4.1.3): client, verifier and key are proved to the one transaction
 * that redeems the code, which also decides what a code means that comes a second time.
 */
export async function grantCode(
  office: Office,
  { form, who, proof }: { form: Form; who: AuthenticatedClient; proof: VerifiedProof | undefined },
): Promise<Response> {
  const { row } = who.client;
  if (row.kind !== 'public' && row.kind !== 'web') throw new AuthError('client_unauthorized');
  if (proof === undefined && !row.bearer) throw new AuthError('proof_missing');
  const code = requiredToken(form, 'code');
  const verifier = required(form, 'code_verifier');
  if (!verifierPattern.test(verifier)) throw malformed('code_verifier');
  const resource = form.get('resource');
  const names = office.audiences.map(({ audience }) => audience);
  const redeemed = await office.storage.redeemCode({
    codeName: office.lookup.name('code', code),
    clientId: row.id,
    redirectUri: form.get('redirect_uri'),
    codeChallenge: await hashText(verifier),
    jkt: proof?.thumbprint ?? null,
    audience: resource === undefined ? undefined : registeredName(names, resource),
    sid: newId(),
    idleLife: office.lifetimes.personIdle,
    absoluteLife: office.lifetimes.personAbsolute,
    signWith: {
      session: Object.fromEntries(office.audiences.map(({ audience, alg }) => [audience, alg])),
      refresh: refreshAlg,
    },
    ...(who.assertion === undefined ? {} : { assertion: who.assertion }),
  });
  if (redeemed.kind === 'assertion_replayed') throw new AuthError('assertion_replayed');
  if (redeemed.kind === 'reuse') throw new AuthError('code_reused');
  if (redeemed.kind === 'refused') throw new AuthError('code_refused');
  const audience = office.audiences.find(({ audience }) => audience === redeemed.session.audience);
  if (audience === undefined) throw new AuthError('audience_invalid');
  const tokens = await office.mint(redeemed, audience.tokenLife);
  return json({
    ...tokens,
    ...(await signIdentity({ ...redeemed, accessToken: tokens.access_token }, office)),
  });
}
