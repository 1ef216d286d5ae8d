import assert from 'node:assert/strict';
import type {
  Allowance,
  CodeRedemption,
  RedeemResult,
} from '../../src/storage/port/authorization-storage.ts';
import type { SessionRow } from '../../src/storage/port/rows.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import { api, app, holderKey, hour, id, signWithByAudience } from './lab.ts';

const redirectUri = 'https://app.example/callback';

/** A subject that no client brought. */
export const subjectOf = (store: Storage, name = 'ada'): Promise<string> =>
  store.settleSubject({ namespace: ':test', externalId: name, newSubject: { id: id(), handle: id() } });

export async function kept(store: Storage, clientId = app): Promise<string> {
  const name = id();
  assert.equal((await store.keepRequest({ name, clientId, parameters: '{}', life: hour })).kind, 'kept');
  return name;
}

type Named = Pick<Allowance, 'requestName' | 'subject'>;
export const allowanceOf = (of: Named & Partial<Allowance>): Allowance => ({
  ...{
    codeName: id(),
    clientId: app,
    consent: 'granted',
    newGrant: id(),
    newEvent: id(),
    clientName: 'A client',
    audience: api,
    scopes: ['read'],
    consentLife: 30 * 24 * hour,
  },
  ...{ redirectUri, codeChallenge: 'challenge', jkt: holderKey, nonce: 'nonce', signIn: null },
  ...{ authenticatedAt: 0, amr: ['hwk'], ...of },
});

/** A code that somebody has just allowed. */
export async function allowed(
  store: Storage,
  over: Partial<Allowance> = {},
): Promise<Allowance & { readonly grantId: string }> {
  const subject = over.subject ?? (await subjectOf(store));
  const requestName = await kept(store, over.clientId);
  const allowance = allowanceOf({ ...over, requestName, subject });
  const result = await store.allow(allowance);
  assert.ok(result.kind === 'allowed');
  return { ...allowance, grantId: result.grantId };
}

export const redemptionOf = (code: Allowance, over: Partial<CodeRedemption> = {}): CodeRedemption => ({
  ...{ codeName: code.codeName, clientId: code.clientId, redirectUri: code.redirectUri },
  ...{ codeChallenge: code.codeChallenge, jkt: code.jkt, audience: undefined, sid: id() },
  ...{ idleLife: hour, absoluteLife: 24 * hour, signWith: signWithByAudience, ...over },
});

/** The session that a code led to. */
export function sessionOf(result: RedeemResult): SessionRow {
  assert.ok('session' in result, `unexpected ${result.kind}`);
  return result.session;
}
