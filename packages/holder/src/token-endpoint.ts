import { createDiscovery, type Endpoints } from './discovery.ts';
import { refused, transient, type Refused, type Transient } from './errors.ts';
import { postToIssuer, type Answer, type MakeForm, type Sender } from './issuer-post.ts';
import { readRefusal } from './refusal-answer.ts';
import { readTokenAnswer, type Issued } from './token-answer.ts';

/** Tokens as issued. */
export interface Obtained {
  readonly kind: 'ok';
  readonly issued: Issued;
  /** When the request left, in milliseconds on this machine's clock. */
  readonly sentAt: number;
  /** How many milliseconds ago the request left. */
  readonly age: () => number;
}

/** The issuer's token and revocation endpoints, for one client and one holder's key. */
export interface TokenEndpoint {
  /** Asks for tokens: `form` holds the grant; authentication and proof are added. */
  request(form: MakeForm): Promise<Obtained | Transient | Refused>;
  /** Ends the session of a token (RFC 7009). */
  revoke(token: string): Promise<Done | Transient | Refused>;
  /** Hands an authorization request over by the back channel (RFC 9126): the URI that stands for it. */
  push(form: MakeForm): Promise<Pushed | Transient | Refused>;
  /** All that the issuer's metadata names. */
  endpoints(): Promise<Endpoints | Transient | Refused>;
}

/** An authorization request that the issuer keeps for a minute. */
export interface Pushed {
  readonly kind: 'ok';
  readonly requestUri: string;
}

/** It was done. */
export interface Done {
  readonly kind: 'ok';
}

/** Makes the endpoints of an issuer; nothing is fetched before the first call. */
export function createTokenEndpoint(sender: Sender): TokenEndpoint {
  const discovery = createDiscovery({ ...sender, wall: sender.clocks.wall });
  const post = async (
    which: 'token' | 'revocation' | 'pushedRequest',
    form: MakeForm,
  ): Promise<Answer | Transient | Refused> => {
    const endpoints = await discovery.endpoints();
    if (endpoints.kind !== 'ok') return endpoints;
    const url = endpoints[which];
    if (url === undefined) return unsupported[which];
    const answer = await postToIssuer(url, form, sender);
    if (answer.kind === 'answer' && isNoEndpoint(answer)) discovery.forget();
    return answer;
  };
  return {
    request: async (form) => judgeTokens(await post('token', form)),
    revoke: async (token) => judgeRevocation(await post('revocation', () => ({ token }))),
    push: async (form) => judgePush(await post('pushedRequest', form)),
    endpoints: () => discovery.endpoints(),
  };
}

const unsupported = {
  token: refused('token_unsupported', 'the issuer names no token endpoint'),
  revocation: refused('revocation_unsupported', 'the issuer names no revocation endpoint'),
  pushedRequest: refused('push_unsupported', 'the issuer names no endpoint for pushed requests'),
};

/** A redirect, or "not found" in no words of OAuth: the endpoint has moved. */
function isNoEndpoint({ status, body }: Answer): boolean {
  return (status >= 300 && status < 400) || (body === undefined && (status === 404 || status === 405));
}

function judgeTokens(answer: Answer | Transient | Refused): Obtained | Transient | Refused {
  if (answer.kind !== 'answer') return answer;
  if (answer.status !== 200 || answer.body === undefined) return failureOf(answer);
  const read = readTokenAnswer(answer.body);
  if (read.kind === 'malformed') return malformed(answer, `member ${read.member} is missing or unsound`);
  if (read.kind === 'unbound') {
    return refused('token_type_unexpected', 'unexpected token_type, expected DPoP: a token bound to our key');
  }
  return { kind: 'ok', issued: read.issued, sentAt: answer.sentAt, age: answer.age };
}

function judgeRevocation(answer: Answer | Transient | Refused): Done | Transient | Refused {
  if (answer.kind !== 'answer') return answer;
  return answer.status === 200 ? { kind: 'ok' } : failureOf(answer);
}

const requestUriText = /^[\x21-\x7e]{1,512}$/;

function judgePush(answer: Answer | Transient | Refused): Pushed | Transient | Refused {
  if (answer.kind !== 'answer') return answer;
  const requestUri = answer.body?.['request_uri'];
  if (answer.status !== 201 || typeof requestUri !== 'string' || !requestUriText.test(requestUri))
    return failureOf(answer);
  return { kind: 'ok', requestUri };
}

/** Only the issuer's own registered word is a refusal; whatever else comes back, tomorrow is another day. */
function failureOf(answer: Answer): Transient | Refused {
  const refusal = answer.body && readRefusal(answer.status, answer.body);
  return refusal ?? malformed(answer, 'no OAuth answer');
}

function malformed(answer: Answer, why: string): Transient {
  const busy = answer.status === 429 || answer.status >= 500;
  const description = `unexpected answer of the issuer (status ${answer.status}): ${busy ? 'busy or broken' : why}`;
  const code = busy ? 'issuer_unavailable' : 'issuer_answer_malformed';
  return transient(code, description, { retryAfter: answer.retryAfter });
}
