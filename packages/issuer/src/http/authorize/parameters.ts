import { AuthError, verifyIdToken } from '@symbolon/token';
import type { Recipient } from '../../linking/authorization-answer.ts';
import type { AuthorizationRequest } from '../../linking/authorizations.ts';
import { chooseLinkedTarget } from '../../linking/authorization-target.ts';
import { demandStanding } from '../../clients/clients.ts';
import { passkeyContext } from '../../linking/id-tokens.ts';
import { isRegisteredUri } from '../../clients/redirect-uris.ts';
import type { ClientRow } from '../../storage/port/rows.ts';
import type { Office, PeopleOffice } from '../office.ts';
import { malformed, type Form } from '../requests.ts';

/** Whom an answer may be sent to: a client that stands, a redirect URI that is its own, and a way that is offered there. */
export interface Addressee extends Recipient {
  readonly client: ClientRow;
}

const thumbprint = /^[A-Za-z0-9_-]{43}$/;
const maxText = 1024;
/** In bytes. */
const maxKept = 8192;

/**
 * Finds out to whom this request may be answered at all.
 *
 * @throws AuthError `client_unknown`, `redirect_uri_unknown`: then nobody is sent anywhere (RFC 9700 section 4.11).
 */
export async function findAddressee(office: PeopleOffice, form: Form): Promise<Addressee> {
  const client = await findLinked(office, form.get('client_id'));
  const redirectUri = form.get('redirect_uri');
  if (redirectUri === undefined || !isRegisteredUri(client.registration.redirectUris, redirectUri))
    throw new AuthError('redirect_uri_unknown');
  const state = form.get('state') ?? null;
  if (state !== null && state.length > maxText) throw malformed('state');
  const posts = form.get('response_mode') === 'form_post' && offersFormPost(office, redirectUri);
  return { client, redirectUri, state, responseMode: posts ? 'form_post' : 'query' };
}

/** A browser posts to web pages alone; and where people sign in elsewhere, it is not on a page of ours at the end. */
function offersFormPost(office: PeopleOffice, redirectUri: string): boolean {
  return office.signIn === undefined && /^https?:/.test(redirectUri);
}

/** An application that people may link. */
export async function findLinked(office: PeopleOffice, id: string | undefined): Promise<ClientRow> {
  const { row } = demandStanding(id === undefined ? undefined : await office.clients.find(id));
  if (!['public', 'web'].includes(row.kind)) throw new AuthError('client_unknown');
  return row;
}

/** Reads what is asked for, of an addressee that is certain (RFC 6749 section 4.1.1, RFC 7636, OpenID Connect Core 3.1.2.1). */
export async function readAuthorization(
  office: Office,
  form: Form,
  to: Addressee,
): Promise<AuthorizationRequest> {
  if (form.has('request')) throw new AuthError('request_object_unsupported');
  if (form.has('request_uri')) throw new AuthError('request_uri_unsupported');
  if (form.get('response_type') !== 'code') throw new AuthError('response_type_unsupported');
  if ((form.get('response_mode') ?? 'query') !== to.responseMode)
    throw new AuthError('response_mode_unsupported');
  const { audience, scope } = chooseLinkedTarget(to.client, {
    ...{ issuer: office.issuer, audiences: office.audiences },
    ...{ resource: form.get('resource'), scope: form.get('scope') },
  });
  const asked: AuthorizationRequest = {
    clientId: to.client.id,
    redirectUri: to.redirectUri,
    state: to.state,
    responseMode: to.responseMode,
    audience: audience.audience,
    scope,
    codeChallenge: readChallenge(form),
    jkt: readThumbprint(form),
    nonce: readText(form, 'nonce'),
    prompt: readPrompt(form),
    maxAge: readMaxAge(form),
    acrValues: readAcrValues(form),
    loginHint: readText(form, 'login_hint'),
    hintedSubject: await readHint(office, form, to),
  };
  // It is kept before anybody is known.
  if (Buffer.byteLength(JSON.stringify(asked)) > maxKept) throw malformed('parameters');
  return asked;
}

function readChallenge(form: Form): string {
  const challenge = form.get('code_challenge') ?? '';
  // Without a method `plain` would be meant (RFC 7636 section 4.3), which is not offered.
  if (form.get('code_challenge_method') !== 'S256' || !thumbprint.test(challenge))
    throw new AuthError('code_challenge_missing');
  return challenge;
}

function readThumbprint(form: Form): string | null {
  const jkt = form.get('dpop_jkt') ?? null;
  if (jkt !== null && !thumbprint.test(jkt)) throw malformed('dpop_jkt');
  return jkt;
}

function readText(form: Form, name: string): string | null {
  const value = form.get(name) ?? null;
  if (value !== null && value.length > maxText) throw malformed(name);
  return value;
}

/**
 * Whom an ID token of ours means, even one that has expired. Only its client may use it so, and of it nothing but the
 * subject is kept.
 */
async function readHint(office: Office, form: Form, { client }: Addressee): Promise<string | null> {
  const hint = form.get('id_token_hint');
  if (hint === undefined) return null;
  const keys = await office.keys.identityTable();
  const { sub, aud } = await verifyIdToken(hint, { keys, issuer: office.issuer });
  if (aud !== client.id) throw new AuthError('identity_audience_unexpected');
  return sub;
}

/** `select_account` is met by the consent page: it says who is signed in, and lets somebody else be. */
const prompts = ['none', 'login', 'consent', 'select_account'];

function readPrompt(form: Form): readonly string[] {
  const values = (form.get('prompt') ?? '').split(' ').filter((value) => value !== '');
  const alone = !values.includes('none') || values.length === 1;
  if (!alone || !values.every((value) => prompts.includes(value))) throw new AuthError('prompt_malformed');
  return [...new Set(values)];
}

function readMaxAge(form: Form): number | null {
  const text = form.get('max_age');
  if (text === undefined) return null;
  if (!/^\d{1,9}$/.test(text)) throw malformed('max_age');
  return Number(text);
}

/** Whoever asks for other contexts alone is told that they cannot be had (RFC 9470 section 5). */
function readAcrValues(form: Form): readonly string[] | null {
  const values = readText(form, 'acr_values')?.split(' ') ?? null;
  if (values !== null && !values.includes(passkeyContext)) throw new AuthError('authentication_unmet');
  return values;
}
