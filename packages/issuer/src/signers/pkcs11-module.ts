import { createRequire } from 'node:module';

/** The part of the package `pkcs11js` that is used here; written down so that nobody needs it to read or build us. */
export interface Pkcs11Module {
  load(path: string): void;
  C_Initialize(options: { readonly flags: number }): void;
  C_GetSlotList(withToken: boolean): readonly Handle[];
  C_GetTokenInfo(slot: Handle): { readonly label: string };
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_Login(session: Handle, user: number, pin: string): void;
  C_GenerateKeyPairAsync(
    session: Handle,
    mechanism: Mechanism,
    publicKey: Template,
    privateKey: Template,
  ): Promise<{ readonly publicKey: Handle; readonly privateKey: Handle }>;
  C_GetAttributeValue(
    session: Handle,
    object: Handle,
    template: Template,
  ): readonly { readonly value: Buffer }[];
  C_FindObjectsInit(session: Handle, template: Template): void;
  C_FindObjects(session: Handle, count: number): readonly Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_SignAsync(session: Handle, data: Buffer, signature: Buffer): Promise<Buffer>;
  C_DestroyObject(session: Handle, object: Handle): void;
  C_Finalize(): void;
  close(): void;
}

/** What PKCS#11 gives out: an opaque number in bytes. */
export type Handle = Buffer;

/** Attributes by which an object is made, or found. */
export type Template = readonly {
  readonly type: number;
  readonly value?: Buffer | boolean | number | string;
}[];

interface Mechanism {
  readonly mechanism: number;
}

/** Numbers of PKCS#11 3.0 (pkcs11t.h), so far as they are used here. */
export const ck = {
  privateKey: 3,
  publicKey: 2,
  user: 1,
  sessionFlags: 0x02 | 0x04,
  osLocking: 0x02,
  class: 0x00,
  token: 0x01,
  private: 0x02,
  label: 0x03,
  id: 0x102,
  sensitive: 0x103,
  sign: 0x108,
  verify: 0x10a,
  extractable: 0x162,
  ecParams: 0x180,
  ecPoint: 0x181,
  alreadyLoggedIn: 0x100,
  alreadyInitialized: 0x191,
} as const;

/**
 * Loads `pkcs11js`, which whoever uses PKCS#11 installs beside us: it is compiled for the machine it runs on.
 *
 * @throws TypeError that says how to install it.
 */
export function loadPkcs11(): Pkcs11Module {
  const require = createRequire(import.meta.url);
  try {
    const { PKCS11 } = require('pkcs11js') as { PKCS11: new () => Pkcs11Module };
    return new PKCS11();
  } catch (cause) {
    const message = 'PKCS#11 needs the package pkcs11js: run npm install pkcs11js (it needs a C++ compiler)';
    throw new TypeError(message, { cause });
  }
}

/** Whether a call was answered by this return value (`CKR_…`). */
export function hasCode(error: unknown, code: number): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
