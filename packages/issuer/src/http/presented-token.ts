import {
  AuthError,
  verifySessionToken,
  type RefreshTokenClaims,
  type VerifiedSessionToken,
} from '@symbolon/token';
import type { Office } from './office.ts';

/** A token of ours that somebody brought to be revoked or looked into. */
export type PresentedToken =
  | { readonly kind: 'session'; readonly sid: string; readonly token: VerifiedSessionToken }
  | { readonly kind: 'refresh'; readonly sid: string; readonly token: RefreshTokenClaims };

/**
 * Verifies a token of either kind by its exact header, or returns undefined for whatever is not ours, forged
 * or expired: RFC 7009 and 7662 answer all of these alike.
 */
export async function verifyPresented(office: Office, text: string): Promise<PresentedToken | undefined> {
  try {
    const refresh = await office.keys.refreshTable();
    return refresh.has(text.split('.', 1)[0] ?? '')
      ? await verifyRefresh(office, text)
      : await verifySession(office, text);
  } catch (error) {
    if (error instanceof AuthError) return undefined;
    throw error;
  }
}

async function verifyRefresh(office: Office, text: string): Promise<PresentedToken> {
  const token = await office.refreshTokens.verify(text);
  return { kind: 'refresh', sid: token.sid, token };
}

async function verifySession(office: Office, text: string): Promise<PresentedToken | undefined> {
  const keys = await office.keys.sessionTable();
  for (const { audience } of office.audiences) {
    try {
      const expected = { keys, issuer: office.issuer, audience, now: office.clock() / 1000 };
      const token = await verifySessionToken(text, expected);
      return { kind: 'session', sid: token.claims.sid, token };
    } catch (error) {
      if (!(error instanceof AuthError) || error.code !== 'token_audience_unexpected') throw error;
    }
  }
  return undefined;
}
