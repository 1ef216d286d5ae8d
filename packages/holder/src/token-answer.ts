import type { JsonObject } from './json-answer.ts';

/** What the token endpoint gave (RFC 6749 section 5.1, with `sid` and `generation` of `docs/spec/holder.md`). */
export interface Issued {
  readonly token: string;
  /** The life of the token from now, in seconds. */
  readonly life: number;
  readonly scope?: string;
  readonly sessionId?: string;
  readonly refreshToken?: string;
  readonly generation?: number;
}

/** What a read answer of the token endpoint says. */
export type TokenAnswer =
  | { readonly kind: 'issued'; readonly issued: Issued }
  /** A sound answer with a token that is not bound to a key. */
  | { readonly kind: 'unbound' }
  | { readonly kind: 'malformed'; readonly member: string };

const maxToken = 8192;
const maxLife = 86_400;
const tokenText = /^[A-Za-z0-9\-._~+/]+=*$/;
const visibleText = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,2048}$/;
const idText = /^[A-Za-z0-9_-]{22}$/;

/** Reads a token answer strictly: a member that is there must be sound, whether it is needed or not. */
export function readTokenAnswer(body: JsonObject): TokenAnswer {
  const unsound = Object.keys(members).find((name) => !members[name as Member](body[name]));
  if (unsound !== undefined) return { kind: 'malformed', member: unsound };
  const answer = body as unknown as SoundAnswer;
  if (answer.token_type.toLowerCase() !== 'dpop') return { kind: 'unbound' };
  return { kind: 'issued', issued: toIssued(answer) };
}

interface SoundAnswer {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly scope?: string;
  readonly refresh_token?: string;
  readonly sid?: string;
  readonly generation?: number;
}

type Member = keyof SoundAnswer;

const members: Readonly<Record<Member, (value: unknown) => boolean>> = {
  access_token: isToken,
  token_type: (value) => matches(visibleText, value),
  expires_in: (value) => isCount(value) && value > 0 && value <= maxLife,
  scope: (value) => value === undefined || value === '' || matches(visibleText, value),
  refresh_token: (value) => value === undefined || isToken(value),
  sid: (value) => value === undefined || matches(idText, value),
  generation: (value) => value === undefined || isCount(value),
};

function toIssued(answer: SoundAnswer): Issued {
  const { scope, sid, refresh_token: refreshToken, generation } = answer;
  return {
    token: answer.access_token,
    life: answer.expires_in,
    ...(scope === undefined ? {} : { scope }),
    ...(sid === undefined ? {} : { sessionId: sid }),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(generation === undefined ? {} : { generation }),
  };
}

function matches(pattern: RegExp, value: unknown): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function isToken(value: unknown): boolean {
  return typeof value === 'string' && value.length <= maxToken && tokenText.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
