import type { Attack } from '../../attack-row.ts';
import { nullCipher } from './null-cipher.ts';
import { unverified } from './unverified.ts';

/** Tokens without a signature, or with one that nobody looks at. */
export const tokenAttacks: readonly Attack[] = [...nullCipher, ...unverified];
