import { createRequire } from 'node:module';
import type { SignatureBackend } from './backend.ts';
import { nodeCrypto } from './node-crypto.ts';
import { withSodium, type Sodium } from './sodium.ts';

/** The backend on Node: sodium-native when it is installed, else node:crypto alone. */
export const signatures: SignatureBackend = chooseBackend();

function chooseBackend(): SignatureBackend {
  try {
    return withSodium(createRequire(import.meta.url)('sodium-native') as Sodium);
  } catch {
    return nodeCrypto;
  }
}
