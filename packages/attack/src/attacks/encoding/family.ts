import type { Attack } from '../../attack-row.ts';
import { bytes } from './bytes.ts';
import { oddInput } from './odd-input.ts';
import { spelling } from './spelling.ts';

/** Odd bytes and other spellings of an honest token. */
export const encodingAttacks: readonly Attack[] = [...bytes, ...spelling, ...oddInput];
