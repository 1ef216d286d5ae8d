import type { IncomingHttpHeaders } from 'node:http';
import type { AttackOptions } from '../../src/options.ts';
import type { JsonObject } from '../../src/json.ts';
import type { House } from './house.ts';

/** A request as a target sees it. */
export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Every header in its order: name, value, name, value. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** What a target answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

/** How a target answers. */
export type Handler = (request: Seen) => Promise<Answer> | Answer;

/** A small server for the battery to attack. */
export interface Target {
  /** Of words with hyphens; the flaw in short. */
  readonly name: string;
  /** The one flaw it has, as somebody would have written it; absent for a strong one. */
  readonly flaw?: string;
  /** Beginnings of the ids of the attacks that find it. Each finds at least one, and nothing else is found. */
  readonly finds: readonly string[];
  /** Beginnings of the ids of the attacks that are run in full; of all others a sample is. */
  readonly runs: readonly string[];
  readonly carrier: 'bearer' | 'dpop' | 'cookie';
  /** The name of the cookie; `__Host-session`, unless given. */
  readonly cookieName?: string;
  /** It stands behind a certificate that nobody but the battery trusts. */
  readonly tls?: true;
  /** What signs the tokens; EdDSA, unless given. */
  readonly alg?: 'EdDSA' | 'ES256' | 'RS256';
  /** Starts it: what it answers, and what it has to offer besides (refresh, end, …). */
  readonly start: (house: House) => Promise<Opened> | Opened;
}

/** A started target. */
export interface Opened {
  readonly handle: Handler;
  readonly options?: Partial<AttackOptions>;
  readonly close?: () => void;
}

/** What is answered to a request that is accepted. */
export function welcome(claims: JsonObject): Answer {
  const body = JSON.stringify({ sub: claims['sub'] ?? null });
  return { status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body };
}

/** What is answered to a request that is refused. */
export const refusal: Answer = {
  status: 401,
  headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
};
