import type { JsonObject } from './json-answer.ts';
import type { Refused } from './errors.ts';

/** The OAuth errors that are a decision about us (RFC 6749 section 5.2, 8707, 9449); any other word is noise. */
const decisions: ReadonlySet<unknown> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'invalid_dpop_proof',
  'access_denied',
]);

/** Refusals of one message, not of its sender: some proxy sent it twice, and a new one will pass. */
const ofOneMessage: ReadonlySet<string> = new Set(['assertion_replayed', 'proof_replayed']);

const codeText = /^[a-z_]{1,64}$/;
const descriptionText = /^[\x20-\x7e]{1,512}$/;

/**
 * Reads a refusal of the issuer (RFC 6749 section 5.2, with the member `code`), or undefined if the answer
 * decides nothing about its sender.
 */
export function readRefusal(status: number, body: JsonObject): Refused | undefined {
  const { error, code, error_description: description } = body;
  if ((status !== 400 && status !== 401) || typeof error !== 'string' || !decisions.has(error))
    return undefined;
  const precise = typeof code === 'string' && codeText.test(code) ? code : error;
  if (ofOneMessage.has(precise)) return undefined;
  const readable = typeof description === 'string' && descriptionText.test(description);
  return { kind: 'refused', code: precise, error, description: readable ? description : `refused: ${error}` };
}
