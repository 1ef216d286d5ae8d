import type { Lifetimes } from '../sessions/sessions.ts';
import type { ClientRow } from '../storage/port/rows.ts';
import { maxBearerLife } from '../sessions/tokens.ts';

/**
 * How long a person's yes counts after it was given or used last, in µs: the longest that the application can go on by
 * itself. Where nothing proves a key that is the life of one token.
 */
export function consentLife({ bearer }: Pick<ClientRow, 'bearer'>, { personAbsolute }: Lifetimes): number {
  return bearer ? maxBearerLife * 1_000_000 : personAbsolute;
}
