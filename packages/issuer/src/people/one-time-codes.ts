import { newBytes } from '../random.ts';

/** 32 letters without those that are mistaken for others (Crockford's base 32). */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const letters = 20;
const block = 4;

/** A new recovery code of 100 random bits, as it is shown: five blocks of four letters. */
export function newRecoveryCode(): string {
  const code = Array.from(newBytes(letters), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
  return (code.match(new RegExp(`.{${block}}`, 'g')) ?? []).join('-');
}

/** What is meant by a recovery code as a person typed it: any case, with or without dashes, O for 0, I or L for 1. */
export function readRecoveryCode(typed: string): string {
  return typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
}

/** A new code for a link: 256 random bits. */
export function newLinkCode(): string {
  return newBytes(32).toString('base64url');
}

/** The link in which a code is given to a person. It stands behind `#`, which browsers send to nobody. */
export function linkTo(issuer: string, code: string): string {
  return `${issuer}/enrol#${code}`;
}

/** The same, to a page that says what a recovery does. */
export function linkToRecover(issuer: string, code: string): string {
  return `${issuer}/enrol?for=recovery#${code}`;
}
