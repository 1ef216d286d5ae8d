import { createRequire } from 'node:module';

/** Makes sure that a contestant measures what its name says: with sodium-native, or without. */
export function demandSodium(expected: 'visible' | 'hidden'): void {
  if (sodiumState() === expected) return;
  throw new Error(`sodium-native should be ${expected} here: install the optional dependencies`);
}

function sodiumState(): 'visible' | 'hidden' {
  try {
    createRequire(import.meta.url)('sodium-native');
    return 'visible';
  } catch {
    return 'hidden';
  }
}
