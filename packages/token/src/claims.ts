import { AuthError, type AuthErrorCode } from './errors.ts';
import type { JsonObject } from './json.ts';

/** Reads claims one by one; a claim that is missing or of the wrong type is refused with its name. */
export interface ClaimReader {
  readonly text: (name: string) => string;
  readonly optionalText: (name: string) => string | undefined;
  readonly shortText: (name: string) => string;
  readonly id: (name: string) => string;
  readonly seconds: (name: string) => number;
  readonly optionalSeconds: (name: string) => number | undefined;
  readonly optionalScope: (name: string) => string | undefined;
  readonly optionalTexts: (name: string) => readonly string[] | undefined;
}

const maxTextLength = 2048;
const maxShortTextLength = 256;
const idPattern = /^[A-Za-z0-9_-]{22}$/;
const thumbprintPattern = /^[A-Za-z0-9_-]{43}$/;
// RFC 6749 section 3.3: printable ASCII but quote and backslash, separated by one space.
const scopePattern = /^[!#-[\]-~]+(?: [!#-[\]-~]+)*$/;
// What people and logs cannot see never names anything: controls, zero-width and bidirectional marks, line ends.
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Makes a reader that refuses with the given code. */
export function claimReader(claims: JsonObject, fault: AuthErrorCode): ClaimReader {
  const take = <T>(name: string, isSound: (value: unknown) => value is T): T => {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (!isSound(value)) throw new AuthError(fault, { detail: { claim: name } });
    return value;
  };
  const optional = <T>(name: string, isSound: (value: unknown) => value is T): T | undefined =>
    Object.hasOwn(claims, name) ? take(name, isSound) : undefined;
  return {
    text: (name) => take(name, isText),
    optionalText: (name) => optional(name, isText),
    shortText: (name) => take(name, isShortText),
    id: (name) => take(name, isId),
    seconds: (name) => take(name, isTime),
    optionalSeconds: (name) => optional(name, isTime),
    optionalScope: (name) => optional(name, isScope),
    optionalTexts: (name) => optional(name, isTexts),
  };
}

/** Non-empty text of at most 2,048 characters without invisible characters or outer space; surrogates were the parser's matter. */
function isText(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= maxTextLength &&
    value.trim() === value &&
    !invisible.test(value)
  );
}

/** What is stored until it expires, so that it cannot be used twice: text of at most 256 characters. */
function isShortText(value: unknown): value is string {
  return isText(value) && value.length <= maxShortTextLength;
}

/** Scope names separated by single spaces (RFC 6749 section 3.3). */
function isScope(value: unknown): value is string {
  return isText(value) && scopePattern.test(value);
}

/** 128 bits as base64url. */
function isId(value: unknown): value is string {
  return typeof value === 'string' && idPattern.test(value);
}

/** A SHA-256 thumbprint as base64url (RFC 7638). */
export function isThumbprint(value: unknown): value is string {
  return typeof value === 'string' && thumbprintPattern.test(value);
}

/** A safe, non-negative integer: no fraction, no negative zero, nothing that JSON rounds or makes infinite. */
export function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= 16 && value.every(isText);
}
