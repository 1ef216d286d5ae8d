import type { Attack } from '../../attack-row.ts';
import { scopeForms } from './scopes.ts';
import { shapes } from './shapes.ts';
import { texts } from './texts.ts';
import { times } from './times.ts';

/** Claims that are missing, odd or out of bounds, under an honest signature. */
export const claimsAttacks: readonly Attack[] = [...times, ...texts, ...shapes, ...scopeForms];
