import {
  AuthError,
  generatePrivateJwk,
  importPublicKey,
  importSigningKey,
  signBytes,
  verifyBytes,
  type AlgorithmName,
  type SigningKey,
} from '@symbolon/token';
import type { Signer, Signers } from './signer.ts';
import type { NewKey } from '../storage/port/key-storage.ts';
import type { KeyPurpose, KeyRow } from '../storage/port/rows.ts';
import { externalPrefix, type Keyring } from './wrapping.ts';

/** Where private keys are: wrapped in the store under the key file, or in a signer that shows nobody. */
export interface Custody {
  readonly draft: (wanted: Wanted) => Promise<NewKey>;
  /** Opens a key for signing, having seen it sign once. */
  readonly open: (row: KeyRow) => Promise<SigningKey>;
  /** Erases what a signer holds of a key that signs nothing more; never rejects. */
  readonly destroy: (row: Pick<KeyRow, 'kekId' | 'wrappedKey'>) => Promise<void>;
}

interface Wanted {
  readonly purpose: KeyPurpose;
  readonly alg: AlgorithmName;
  readonly holdableAfter: number;
}

/** Makes the custody over a keyring and the signers given. */
export function createCustody(options: {
  keyring: Keyring;
  signers: Signers;
  report: (fault: { path: string; error: unknown }) => void;
}): Custody {
  const { keyring, signers, report } = options;
  const byName = namedSigners(signers);
  return {
    draft: (wanted) => {
      const signer = signers[wanted.purpose];
      return signer === undefined ? draftWrapped(keyring, wanted) : draftExternal(signer, wanted);
    },
    open: async (row) => {
      if (row.wrappedKey === null) throw new Error(`the signing key ${row.kid} is gone`);
      if (!isExternal(row)) return importSigningKey(JSON.parse(keyring.unwrap(row.wrappedKey, row)));
      return openExternal(byName, { ...row, wrappedKey: row.wrappedKey });
    },
    destroy: async (row) => {
      const signer = isExternal(row) ? byName.get(signerName(row)) : undefined;
      if (signer === undefined || row.wrappedKey === null) return;
      await signer.destroy?.(row.wrappedKey).catch((error: unknown) => {
        report({ path: `signer ${signer.name}`, error });
      });
    },
  };
}

/**
 * For a decision that was to keep a drafted key: a refusal has kept nothing, so what was drafted for it is erased. After a
 * fault nobody knows whether it was kept. The error is passed on.
 */
export function dropIfRefused(custody: Custody, draft: NewKey): (error: unknown) => Promise<never> {
  return async (error) => {
    if (error instanceof AuthError) await custody.destroy(draft);
    throw error;
  };
}

/** Whether a key is held by a signer: then the store has only the signer's name and the id it knows the key by. */
export function isExternal({ kekId }: Pick<KeyRow, 'kekId'>): boolean {
  return kekId.startsWith(externalPrefix);
}

function signerName({ kekId }: Pick<KeyRow, 'kekId'>): string {
  return kekId.slice(externalPrefix.length);
}

async function draftWrapped(keyring: Keyring, wanted: Wanted): Promise<NewKey> {
  const jwk = await generatePrivateJwk(wanted.alg);
  const { kid, jwk: publicJwk } = await importSigningKey(jwk);
  const wrappedKey = keyring.wrap(JSON.stringify(jwk), { ...wanted, kid });
  return { ...wanted, kid, publicJwk: { ...publicJwk }, wrappedKey, kekId: keyring.currentId };
}

async function draftExternal(signer: Signer, wanted: Wanted): Promise<NewKey> {
  const made = await signer.create({ purpose: wanted.purpose, alg: wanted.alg });
  const { kid, jwk } = await importPublicKey(made.jwk);
  if (jwk.alg !== wanted.alg)
    throw new TypeError(
      `unexpected key for ${jwk.alg} from signer ${signer.name}, expected one for ${wanted.alg}`,
    );
  const kekId = externalPrefix + signer.name;
  return { ...wanted, kid, publicJwk: { ...jwk }, wrappedKey: made.id, kekId };
}

async function openExternal(
  signers: ReadonlyMap<string, Signer>,
  row: KeyRow & { wrappedKey: string },
): Promise<SigningKey> {
  const signer = signers.get(signerName(row));
  if (signer === undefined) throw new Error(missingSigner(row));
  const { kid, jwk, ...key } = await importPublicKey(row.publicJwk);
  const own = { kid, jwk, sign: await signer.open({ id: row.wrappedKey, jwk }) };
  const probe = new TextEncoder().encode(kid);
  if (!(await verifyBytes({ kid, jwk, ...key }, probe, await signBytes(own, probe))))
    throw new Error(`the signer ${signer.name} signs with another key than ${kid}`);
  return own;
}

function missingSigner(row: KeyRow): string {
  return `the signing key ${row.kid} is held by the signer ${signerName(row)}: start the issuer with it (signers.${row.purpose})`;
}

function namedSigners(signers: Signers): ReadonlyMap<string, Signer> {
  const named = new Map<string, Signer>();
  for (const signer of Object.values(signers)) {
    if (!/^[A-Za-z0-9-]{1,32}$/.test(signer.name))
      throw new TypeError(`unexpected signer name ${signer.name}, expected 1 to 32 letters, digits, dashes`);
    if ((named.get(signer.name) ?? signer) !== signer)
      throw new TypeError(`two signers are called ${signer.name}: give each its own name`);
    named.set(signer.name, signer);
  }
  return named;
}
