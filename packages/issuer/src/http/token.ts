import { AuthError, type VerifiedProof } from '@symbolon/token';
import { chooseTarget, type Audience } from '../sessions/audiences.ts';
import { signIdentity } from '../linking/id-tokens.ts';
import { newId } from '../random.ts';
import { refreshAlg } from '../keys/signing-keys.ts';
import type { Issue } from '../storage/port/decisions.ts';
import type { OpenRefusal } from '../storage/port/session-storage.ts';
import { signWith } from '../sessions/tokens.ts';
import { json } from './answers.ts';
import {
  authenticateClient,
  demandKeyOf,
  verifyRequestProof,
  type AuthenticatedClient,
} from './authentication.ts';
import { grantCode } from './authorize/code-grant.ts';
import type { Office } from './office.ts';
import { readForm, required, requiredToken, type Form } from './requests.ts';

interface Asked {
  readonly form: Form;
  readonly who: AuthenticatedClient;
  readonly proof: VerifiedProof | undefined;
}

type Grant = (office: Office, asked: Asked) => Promise<Response>;

/** The grants of this issuer; any other has no code to reach. */
const grants: ReadonlyMap<string, Grant> = new Map([
  ['authorization_code', grantCode],
  ['client_credentials', grantToMachine],
  ['refresh_token', grantRefresh],
]);

/** `POST /token` (RFC 6749 section 3.2): form, client, proof, then one deciding statement. */
export async function tokenEndpoint(office: Office, request: Request): Promise<Response> {
  const form = await readForm(request);
  const named = required(form, 'grant_type');
  const grant = named === 'authorization_code' && !office.servesPeople ? undefined : grants.get(named);
  if (grant === undefined) throw new AuthError('grant_unsupported');
  const who = await authenticateClient(office, form);
  const proof = await verifyRequestProof(office, request, '/token');
  demandKeyOf(who, proof);
  return grant(office, { form, who, proof });
}

async function grantToMachine(office: Office, { form, who, proof }: Asked): Promise<Response> {
  const { row } = who.client;
  if (row.kind !== 'machine' || who.assertion === undefined) throw new AuthError('client_unauthorized');
  if (proof === undefined && !row.bearer) throw new AuthError('proof_missing');
  const { audience, scope } = chooseTarget(row, {
    audiences: office.audiences,
    resource: form.get('resource'),
    scope: form.get('scope'),
  });
  const opened = await office.storage.openMachineSession({
    sid: newId(),
    clientId: row.id,
    audience: audience.audience,
    scope,
    jkt: proof?.thumbprint ?? null,
    idleLife: office.lifetimes.machineIdle,
    absoluteLife: office.lifetimes.machineAbsolute,
    signWith: signWith(audience.alg),
    assertion: who.assertion,
  });
  if (opened.kind === 'assertion_replayed') throw new AuthError('assertion_replayed');
  if (opened.kind === 'refused') throw new AuthError(refusalOf[opened.reason]);
  return answer(office, audience, opened);
}

async function grantRefresh(office: Office, { form, who, proof }: Asked): Promise<Response> {
  if (proof === undefined) throw new AuthError('proof_missing');
  const token = await office.refreshTokens.verify(requiredToken(form, 'refresh_token'));
  const rotated = await office.storage.rotate({
    sid: token.sid,
    gen: token.gen,
    clientId: who.client.row.id,
    jkt: proof.thumbprint,
    signWith: {
      session: Object.fromEntries(office.audiences.map(({ audience, alg }) => [audience, alg])),
      refresh: refreshAlg,
    },
    ...(who.assertion === undefined ? {} : { assertion: who.assertion }),
  });
  switch (rotated.kind) {
    case 'rotated':
    case 'recovered':
    case 'repeated':
      office.refreshes.count();
      return answerRefresh(office, rotated);
    case 'superseded':
      throw new AuthError('refresh_superseded');
    case 'reuse':
      throw new AuthError('refresh_reused');
    case 'refused':
      throw new AuthError('refresh_refused');
    case 'assertion_replayed':
      throw new AuthError('assertion_replayed');
  }
}

const refusalOf: Readonly<Record<OpenRefusal, 'client_unknown' | 'proof_missing' | 'client_key_blocked'>> = {
  client_unknown: 'client_unknown',
  client_removed: 'client_unknown',
  key_required: 'proof_missing',
  subject_disabled: 'client_unknown',
  key_blocked: 'client_key_blocked',
};

function audienceOf(office: Office, name: string): Audience {
  const audience = office.audiences.find((row) => row.audience === name);
  if (audience === undefined) throw new AuthError('audience_invalid');
  return audience;
}

/** One who asked who it is hears it again, about the token that is made now. */
async function answerRefresh(office: Office, issue: Issue): Promise<Response> {
  const tokens = await office.mint(issue, audienceOf(office, issue.session.audience).tokenLife);
  if (!office.servesPeople) return json(tokens);
  const said = { ...issue, nonce: null, accessToken: tokens.access_token };
  return json({ ...tokens, ...(await signIdentity(said, office)) });
}

async function answer(office: Office, audience: Audience, issue: Issue): Promise<Response> {
  return json(await office.mint(issue, audience.tokenLife));
}
