import { existsSync, readFileSync, statSync } from 'node:fs';
import type { Signers } from '@symbolon/issuer';
import { promptHidden } from './hidden-prompt.ts';
import type { Settings, SignerSettings } from './settings.ts';

/** The signers that a folder's settings name, opened, and how to let go of them. */
export interface OpenSigners {
  readonly signers: Signers;
  readonly close: () => void;
}

/**
 * Opens the token that holds an issuer's private keys, where its settings name one.
 *
 * @throws TypeError with the fix in the message: no PIN, no token of that label, no `pkcs11js`.
 */
export async function openSigners(settings: Settings): Promise<OpenSigners> {
  if (settings.mode === 'dev' || settings.signer === undefined)
    return { signers: {}, close: () => undefined };
  const { token, library, purposes } = settings.signer;
  if (!existsSync(library))
    throw new TypeError(`there is no library ${library} of the signer: name it with --signer`);
  const pin = await readPin(settings.signer);
  // Loaded when it is needed: it takes a package that is compiled for this machine.
  const { openPkcs11 } = await import('@symbolon/issuer/pkcs11');
  const signer = await openPkcs11({ library, token, pin }).catch((cause: unknown) => {
    if (cause instanceof TypeError) throw cause;
    throw new TypeError(`the token ${token} does not open: see that its PIN is right`, { cause });
  });
  return {
    signers: Object.fromEntries(purposes.map((purpose) => [purpose, signer])),
    close: () => {
      signer.close();
    },
  };
}

/** From a file of its owner alone, or from whoever sits there: never from a command line or an environment. */
async function readPin({ token, pinFile }: SignerSettings): Promise<string> {
  if (pinFile === undefined)
    return promptHidden(
      `PIN of the token ${token}: `,
      'give pin-source=FILE in --signer, a file of mode 0600 with the PIN of the token',
    );
  if (!existsSync(pinFile)) throw new TypeError(`there is no PIN file ${pinFile}: name it in --signer`);
  if ((statSync(pinFile).mode & 0o077) !== 0)
    throw new TypeError(`others may read the PIN file ${pinFile}: run chmod 600 on it`);
  const pin = readFileSync(pinFile, 'utf8').trim();
  if (pin === '') throw new TypeError(`the PIN file ${pinFile} is empty: write the PIN of the token into it`);
  return pin;
}
