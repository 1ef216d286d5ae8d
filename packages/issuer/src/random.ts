import { randomBytes } from 'node:crypto';

/** A new id of 128 random bits, base64url (22 characters): session ids, token ids, subjects, handles. */
export function newId(): string {
  return randomBytes(16).toString('base64url');
}

/** New random bytes from the platform's generator, for key-encryption keys and initialisation vectors. */
export function newBytes(length: number): Buffer {
  return randomBytes(length);
}
